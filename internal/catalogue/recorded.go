package catalogue

import "time"

// RecordedWindow returns the window in which the sender's own SDK gives a stale recording its verdict. It is for
// recordings of senders whose entry has a longer one, because retries may repeat the same bytes; else it is 0.
func RecordedWindow(id string) time.Duration {
	switch id {
	case "linear-sdk-4":
		return time.Minute
	case "mux-elixir-stale", "tiktok-late":
		return 5 * time.Minute
	case "workos-sdk-4":
		return 3 * time.Minute
	default:
		return 0
	}
}
