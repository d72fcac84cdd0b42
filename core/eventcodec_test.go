package core_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sallyport-go/sallyport/core"
)

// wholeEvent sets every field that is encoded.
func wholeEvent() core.Event {
	payload := []byte(`{"id":"evt_1","data":{"object":{"memo":"\u0000"}}}`)
	return core.Event{
		Endpoint: "stripe", Provider: "stripe", ID: "evt_1", Type: "invoice.paid", Action: "paid", Tenant: "acme",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", -5*3600)), Attempt: 3, Redrive: 2,
		Payload: payload, Data: payload[31:49], Identity: core.Identity{1, 2, 3}, Secret: "new",
		Authenticated: core.Authenticated{ID: true, Time: true}, Unproved: true,
	}
}

func decodedEvent(t *testing.T, e core.Event) core.Event {
	t.Helper()
	b, err := e.MarshalBinary()
	require.NoError(t, err)
	var out core.Event
	require.NoError(t, out.UnmarshalBinary(b))
	return out
}

// TestAnEncodedEventIsTheEvent: a worker reads what the guard has proved, whatever the sender has written into it.
func TestAnEncodedEventIsTheEvent(t *testing.T) {
	t.Parallel()
	hostile := "\x00\xff" + strings.Repeat("x", 5000) + "\u202e"
	whole := wholeEvent()
	for name, e := range map[string]core.Event{
		"an empty event": {},
		"every field":    whole,
		"text that is not text": {ID: hostile, Type: hostile, Tenant: hostile, Payload: []byte(hostile),
			Data: []byte(hostile)},
		"data that is the payload":          {Payload: whole.Payload, Data: whole.Payload},
		"data that stands elsewhere":        {Payload: []byte("a=1"), Data: []byte(`{"a":1}`)},
		"data without a payload":            {Data: []byte("x")},
		"empty slices are not nil":          {Payload: []byte{}, Data: []byte{}},
		"a time in UTC":                     {Time: time.Unix(1, 2).UTC()},
		"a time before all others":          {Time: time.Unix(math.MinInt32, 999999999).UTC()},
		"numbers that no provider sends":    {Attempt: math.MinInt, Redrive: math.MaxInt},
		"a proof that covers tenant, type":  {Authenticated: core.Authenticated{Tenant: true, Type: true}},
		"an event that nothing has proved":  {Unproved: true},
		"a time of a zone that is not real": {Time: time.Unix(5, 0).UTC()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decodedEvent(t, e)
			require.True(t, e.Time.Equal(got.Time), "%v is %v", e.Time, got.Time)
			require.Equal(t, e.Time.Format(time.RFC3339Nano), got.Time.Format(time.RFC3339Nano), "in its zone")
			got.Time, e.Time = time.Time{}, time.Time{}
			require.Equal(t, e, got)
		})
	}
	odd := decodedEvent(t, core.Event{Time: time.Unix(5, 0).In(time.FixedZone("", 30*3600))})
	require.True(t, odd.Time.Equal(time.Unix(5, 0)))
}

// TestTheEncodedFormStays: jobs and entries of the journal that an older version wrote must be read for ever.
func TestTheEncodedFormStays(t *testing.T) {
	t.Parallel()
	b, err := wholeEvent().MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, "01"+"35"+"0102030000000000000000000000000000000000000000000000000000000000"+"06"+"04"+
		"eaefbb950d"+"d804"+"9f9902"+"06"+hex.EncodeToString([]byte("stripe"))+"06"+
		hex.EncodeToString([]byte("stripe"))+
		"05"+hex.EncodeToString([]byte("evt_1"))+"0c"+hex.EncodeToString([]byte("invoice.paid"))+"04"+
		hex.EncodeToString([]byte("paid"))+"04"+hex.EncodeToString([]byte("acme"))+"03"+
		hex.EncodeToString([]byte("new"))+
		"33"+hex.EncodeToString(wholeEvent().Payload)+"01"+"1f"+"12", hex.EncodeToString(b))
}

// TestDataThatStandsInThePayloadIsNotWrittenTwice: an event of a megabyte is a job of a megabyte.
func TestDataThatStandsInThePayloadIsNotWrittenTwice(t *testing.T) {
	t.Parallel()
	payload := []byte(`{"data":"` + strings.Repeat("x", 100_000) + `"}`)
	e := core.Event{Payload: payload, Data: payload[8 : len(payload)-1]}
	b, err := e.MarshalBinary()
	require.NoError(t, err)
	require.Less(t, len(b), len(payload)+300)
	require.Equal(t, e, decodedEvent(t, e))
}

// TestWhatIsNotAnEncodedEventIsRefused: it fails closed, and leaves the event as it is.
func TestWhatIsNotAnEncodedEventIsRefused(t *testing.T) {
	t.Parallel()
	whole, err := wholeEvent().MarshalBinary()
	require.NoError(t, err)
	refused := func(b []byte, message string) {
		e := core.Event{ID: "as it was"}
		require.Error(t, e.UnmarshalBinary(b), message)
		require.Equal(t, core.Event{ID: "as it was"}, e, message)
	}
	for n := range whole {
		refused(whole[:n], "cut short")
	}
	refused(append(whole[:len(whole):len(whole)], 0), "with something behind it")
	change := func(at int, b byte) []byte {
		changed := append([]byte{}, whole...)
		changed[at] = b
		return changed
	}
	refused(change(0, 0), "of no version")
	refused(change(1, whole[1]|0x40), "with a flag that this version does not have")
	refused(change(1, whole[1]|0x80), "with a flag that this version does not have")
	refused(change(len(whole)-3, 9), "with data of another kind")
	refused(change(len(whole)-2, 60), "with data beyond the payload")
	refused(change(len(whole)-1, 60), "with data that ends beyond the payload")
	for _, version := range []byte{2, 255} {
		var e core.Event
		require.ErrorIs(t, e.UnmarshalBinary(change(0, version)), core.ErrEventVersion)
	}
	require.NotErrorIs(t, new(core.Event).UnmarshalBinary(nil), core.ErrEventVersion)
}

func TestADecodedEventSharesNoMemory(t *testing.T) {
	t.Parallel()
	b, err := wholeEvent().MarshalBinary()
	require.NoError(t, err)
	var e core.Event
	require.NoError(t, e.UnmarshalBinary(b))
	for i := range b {
		b[i] = 'x'
	}
	require.Equal(t, wholeEvent().Payload, e.Payload)
	require.Equal(t, wholeEvent().Data, e.Data)
	require.Equal(t, len(e.Data), cap(e.Data), "appending to it does not change the payload")
}

// FuzzEventUnmarshal: whoever writes into a queue reaches the decoder. It must neither panic nor allocate what is not
// there, and what it takes is one event.
func FuzzEventUnmarshal(f *testing.F) {
	whole, err := wholeEvent().MarshalBinary()
	require.NoError(f, err)
	empty, err := core.Event{}.MarshalBinary()
	require.NoError(f, err)
	f.Add(whole)
	f.Add(empty)
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		var e core.Event
		if e.UnmarshalBinary(b) != nil {
			return
		}
		again := decodedEvent(t, e)
		require.True(t, e.Time.Equal(again.Time))
		e.Time, again.Time = time.Time{}, time.Time{}
		require.Equal(t, e, again)
	})
}
