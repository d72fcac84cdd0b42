// Command receiver receives webhooks for any set of providers on any router and prints a JSON line for each. The flag
// -h prints its usage, and receiver.yaml next to this file shows every setting. The program is in
// examples/internal/receiver.
package main

import (
	"github.com/sallyport-go/sallyport/examples/internal/drivers"
	"github.com/sallyport-go/sallyport/examples/internal/receiver"
)

func main() { receiver.Main(drivers.Store) }
