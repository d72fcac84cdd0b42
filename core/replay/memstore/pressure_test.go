package memstore_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core/replay"
	"github.com/sallyport-go/sallyport/core/replay/memstore"
)

// warnings reads and empties a log of JSON lines.
func warnings(t *testing.T, log *bytes.Buffer) (live []int) {
	t.Helper()
	for line := range bytes.Lines(log.Bytes()) {
		var record struct {
			Level          string
			Msg            string
			Live, Capacity int
		}
		require.NoError(t, json.Unmarshal(line, &record))
		require.Equal(t, "WARN", record.Level)
		require.Contains(t, record.Msg, "filling up")
		require.Equal(t, 100, record.Capacity)
		live = append(live, record.Live)
	}
	log.Reset()
	return live
}

func TestAStoreThatFillsUpWarns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := memstore.NewWithConfig(memstore.Config{Capacity: 100, Logger: slog.New(slog.NewJSONHandler(&log, nil))})

		tokens := hold(t, s, time.Hour, 0, 79)
		require.Empty(t, warnings(t, &log), "under 80 %")
		hold(t, s, time.Minute, 79, 80)
		require.Equal(t, []int{80}, warnings(t, &log), "at 80 %")
		hold(t, s, time.Minute, 80, 100)
		_, err := s.Claim(t.Context(), itemsOf(100, 101), time.Minute)
		require.ErrorIs(t, err, replay.ErrFull)
		require.Empty(t, warnings(t, &log), "only once, full or not")

		time.Sleep(time.Minute) // 79 are left
		require.Equal(t, 79, s.Stats().Live)
		settle(t, s, replay.Release, 0, 0, tokens[:9])
		hold(t, s, time.Minute, 79, 100)
		require.Empty(t, warnings(t, &log), "it had fallen to 70 %, not below")

		settle(t, s, replay.Release, 0, 9, tokens[9:31])
		hold(t, s, time.Hour, 0, 20)
		require.Equal(t, []int{89}, warnings(t, &log), "it had fallen below 70 %")

		time.Sleep(time.Hour)
		require.Zero(t, s.Stats().Live)
		hold(t, s, time.Hour, 0, 90)
		require.Equal(t, []int{90}, warnings(t, &log), "after everything had ended")

		require.NoError(t, s.Forget(t.Context(), keysOf(0, 90)))
		hold(t, s, time.Hour, 0, 80)
		require.Equal(t, []int{80}, warnings(t, &log), "after everything was forgotten")
	})
}

func TestABatchThatDoesNotFitDoesNotWarn(t *testing.T) {
	var log bytes.Buffer
	s := memstore.NewWithConfig(memstore.Config{Capacity: 100, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	_, err := s.Claim(t.Context(), itemsOf(0, 101), time.Minute)
	require.ErrorIs(t, err, replay.ErrFull)
	require.Empty(t, warnings(t, &log), "nothing of it was claimed")
}

func TestTheWarningHasNoKeys(t *testing.T) {
	var log bytes.Buffer
	s := memstore.NewWithConfig(memstore.Config{Capacity: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	hold(t, s, time.Hour, 0, 1)
	require.NotEmpty(t, log.String())
	key := keyOf(0)
	require.NotContains(t, log.String(), hex.EncodeToString(key[:4]))
	require.NotContains(t, log.String(), string(key[:4]))
}

func TestWithoutALoggerTheDefaultOneWarns(t *testing.T) {
	s := memstore.NewWithConfig(memstore.Config{Capacity: 1})
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil))) // after the store was made
	hold(t, s, time.Hour, 0, 1)
	require.Contains(t, log.String(), "filling up")
}

// A handler may do anything, such as read the store's gauges.
func TestTheLoggerMayUseTheStore(t *testing.T) {
	var s *memstore.Store
	var seen memstore.Stats
	s = memstore.NewWithConfig(memstore.Config{Capacity: 1, Logger: slog.New(handlerFunc(func() { seen = s.Stats() }))})
	hold(t, s, time.Hour, 0, 1)
	require.Equal(t, memstore.Stats{Live: 1, Capacity: 1}, seen)
}

type handlerFunc func()

func (h handlerFunc) Enabled(context.Context, slog.Level) bool  { return true }
func (h handlerFunc) Handle(context.Context, slog.Record) error { h(); return nil }
func (h handlerFunc) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h handlerFunc) WithGroup(string) slog.Handler             { return h }

func keysOf(from, to int) []replay.Key {
	var keys []replay.Key
	for n := from; n < to; n++ {
		keys = append(keys, keyOf(n))
	}
	return keys
}
