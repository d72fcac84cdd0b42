// Package router imports what the loader does not read: its types are unknown, and names decide.
package router

import (
	"github.com/gin-gonic/gin"
	echo "github.com/labstack/echo/v5"
)

func handle(c *gin.Context, e *echo.Context, configured string) bool {
	if c.GetHeader("X-Signature") == configured { // want "\"X-Signature\" is compared by =="
		return true
	}
	if c.Query("token") == e.Unknown() { // want "\"token\" is compared by =="
		return true
	}
	presented := e.Request().Header.Get("X-Anything")
	if presented == configured { // want "presented is compared by =="
		return true
	}
	if e.Token == 0 || e.Token == -1 || e.Signature() == nil || e.Sum() == len(configured) || e.Digest() > 1.5 {
		return true
	}
	switch e.Token {
	case 1, 2:
	}
	switch e.Token { // want "Token is compared by switch"
	case "x":
	}
	return presented == "" || c.Request == nil || c.Param("name") == configured
}
