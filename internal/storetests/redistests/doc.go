// Package redistests proves redisstore on a real server.
package redistests
