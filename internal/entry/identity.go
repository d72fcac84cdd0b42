package entry

import "strings"

// IdentityKind is what an event's identity is made of.
type IdentityKind uint8

// The kinds. A body that a scheme signs as it came is remembered by its digest; where a scheme signs decoded values
// instead, the digest is of those values, because another encoding of them would be another body under the same
// signature. A new kind has a row in kinds, and one in core/identitykinds_test.go.
const (
	// ByDigest: the digest of what was proved, with the headers in With.
	ByDigest IdentityKind = iota
	// BySignedID: the scheme's signed id.
	BySignedID
	// ByPointer: the value at Pointer in the authenticated body, with those at And. Without it, ByDigest.
	ByPointer
	// None: two real deliveries may be byte-equal, so nothing tells a replay from a repetition; Why says so.
	None
	// BySigned: the digest of what is signed, without timestamp, secret, method and URL.
	BySigned
)

// kind holds what the code asks of an IdentityKind. A property that a kind does not name is false.
type kind struct {
	// words says what events are remembered by, for the senders' pages.
	words func(*Entry) string
	// namesDelivery: it names a delivery as a whole. The events of a batch would all have one name.
	namesDelivery bool
	// namesID: an event's id is all that it needs: an operator who knows the id has the identity.
	namesID bool
	// readsEvent: it needs a value of the body or a detail of the event, such as its time: such an event is read before
	// it is claimed. Of any other kind it may be read later, or never.
	readsEvent bool
	// ofPayload: the payload alone names the event: an app that has fetched one can backfill the event.
	ofPayload bool
	// ofSigned: it needs the signed text in its one form, which is made of the whole request.
	ofSigned bool
}

// kinds are the kinds' properties.
var kinds = [...]kind{ //lint:immutable a table
	ByDigest:   {words: (*Entry).digestWords},
	BySignedID: {words: func(*Entry) string { return "the signed id" }, namesDelivery: true, namesID: true},
	ByPointer:  {words: (*Entry).pointerWords, namesID: true, readsEvent: true, ofPayload: true},
	None:       {words: func(e *Entry) string { return "nothing: " + e.Identity.Why }},
	BySigned:   {words: func(*Entry) string { return "what is signed" }, namesDelivery: true, ofSigned: true},
}

// IdentityKinds returns how many kinds there are, for the test that has a row for each.
func IdentityKinds() int { return len(kinds) }

// NamesDelivery reports whether the kind names a delivery as a whole.
func (k IdentityKind) NamesDelivery() bool { return kinds[k].namesDelivery }

// NamesID reports whether an event's id is all that the kind needs.
func (k IdentityKind) NamesID() bool { return kinds[k].namesID }

// ReadsEvent reports whether an identity of the kind needs a value of the body or a detail of the event.
func (k IdentityKind) ReadsEvent() bool { return kinds[k].readsEvent }

// OfPayload reports whether the payload alone names the event.
func (k IdentityKind) OfPayload() bool { return kinds[k].ofPayload }

// OfSigned reports whether the kind needs the signed text in its one form.
func (k IdentityKind) OfSigned() bool { return kinds[k].ofSigned }

// Identity says what an event is remembered by.
type Identity struct {
	Kind    IdentityKind
	Pointer string
	And     []string // ByPointer: further pointers
	// InEnvelope: the pointers lead into the body that carries the payload (Event.PayloadJSON).
	InEnvelope bool
	// With names headers that join the digest: an id that a credential vouches for, or the unsigned type of a sender
	// that is known to send several types over one body. Any other unsigned header would let whoever captured a
	// delivery make another event of it.
	With []string
	// Either says that With are names of one header. The first that came counts, as it does for the event's type. If
	// both counted, whoever captured a delivery could make another event of it by the one that says nothing.
	Either bool
	// UnsignedTenant lets the tenant join although no proof covers it: the sender is known to send one body for several
	// tenants.
	UnsignedTenant bool
	// Apart says what else joins where the bodies of two events may be equal to the byte. The first rule that applies
	// counts.
	Apart []Apart
	// SignedOnce remembers what is signed, in addition to the event, with the body that it came with: for a signature
	// that other bodies fit. It vouches for the first one, and whoever captured it can make no other event of it.
	SignedOnce bool
	// NoneForForms makes form bodies interactions without an identity: their answer matters, and a repeated answer
	// would be wrong.
	NoneForForms bool
	// NoneForGET and NoneForSingles are the same for a GET without a body, and for what is no item of a list.
	NoneForGET, NoneForSingles bool
	Why                        string
}

// Pointers returns where the values are that name an event; nil where none does.
func (i *Identity) Pointers() []string {
	if i.Pointer == "" {
		return nil
	}
	return append([]string{i.Pointer}, i.And...)
}

// Apart says what distinguishes two genuine events whose bodies may be equal to the byte. Whether it applies is read
// from the proved payload alone, so that nobody else decides it.
type Apart struct {
	When []Members // one of them holds; empty: every payload
	// Time: the signed timestamp joins.
	Time bool
	// Headers are the names of one header, the sender's id of the delivery. The first that came joins. Where nothing
	// vouches for it, whoever captured such a delivery can run it again under invented ids; core.Config can leave it
	// out.
	Headers []string
	// Answer: the sender waits for the answer, which must not be a duplicate's, so nothing is remembered.
	Answer bool
	Why    string // for the documentation: which events these are
}

// Members are members that a payload has and members that it lacks, as pointers. Null counts as there.
type Members struct {
	Has     []string
	Lacks   []string
	Nowhere []string // names of members that stand at no place of the payload
}

// Remembered returns what the entry's events are remembered by, in the words of the senders' pages.
func (e *Entry) Remembered() string {
	text := kinds[e.Identity.Kind].words(e)
	if e.Identity.Kind == None {
		return text
	}
	return text + e.Identity.exceptions()
}

func (e *Entry) pointerWords() string {
	return "`" + strings.Join(e.Identity.Pointers(), "`, `") + "` in the body"
}

func (e *Entry) digestWords() string {
	text := "the body"
	if e.Batch != nil {
		text = "the event's part of the body"
	}
	if with := e.Identity.With; len(with) > 0 {
		between := "`, `"
		if e.Identity.Either {
			between = "` or `"
		}
		text += " with `" + strings.Join(with, between) + "`"
	}
	return text
}

// exceptions says which events are remembered otherwise, or not at all.
func (i *Identity) exceptions() (text string) {
	if i.SignedOnce {
		text = "; in addition what is signed, which vouches for one body"
	}
	switch {
	case i.NoneForForms:
		text += "; forms by nothing: " + i.Why
	case i.NoneForSingles:
		text += "; what is not in a list by nothing: " + i.Why
	case i.NoneForGET:
		text += "; what comes as GET by nothing: " + i.Why
	}
	for _, a := range i.Apart {
		switch {
		case a.Answer:
			text += "; by nothing where the sender waits for the answer"
		case a.Time:
			text += "; with the signed time where bodies may be equal"
		default:
			text += "; with `" + strings.Join(a.Headers, "` or `") + "` where bodies may be equal"
		}
		if a.Why != "" {
			text += ": " + a.Why
		}
	}
	return text
}
