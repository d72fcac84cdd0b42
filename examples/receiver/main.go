// Command receiver receives webhooks for any set of providers on any router and prints a JSON line for each. Its usage
// is told by -h, and every setting by receiver.yaml beside this file. The program itself is in examples/internal/receiver.
package main

import "github.com/sallyport-go/sallyport/examples/internal/receiver"

func main() { receiver.Main() }
