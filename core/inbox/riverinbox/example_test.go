package riverinbox_test

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/riverqueue/river"

	"github.com/sallyport-go/sallyport/core"
	"github.com/sallyport-go/sallyport/core/inbox/riverinbox"
)

// What happens to one customer is worked in the order in which it was accepted; customers do not wait for each other.
func ExampleWithOrder() {
	var jobs *river.Client[*sql.Tx] // made at start, behind riverinbox.AddTo
	customer := func(_ context.Context, e core.Event) string {
		var data struct {
			Customer string `json:"customer"`
		}
		_ = json.Unmarshal(e.Data, &data) // without a customer there is no order
		return data.Customer
	}
	if jobs == nil {
		return
	}
	route := core.NewSignals()
	route.On("*", riverinbox.Enqueue(jobs, riverinbox.WithOrder(customer)))
}
