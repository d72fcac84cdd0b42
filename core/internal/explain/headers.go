package explain

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/core/internal/httpfield"
	"github.com/sallyport-go/sallyport/core/internal/signature"
	"github.com/sallyport-go/sallyport/core/reason"
	"github.com/sallyport-go/sallyport/internal/entry"
)

// missing examines a delivery that lacks some of the headers that carry the proof.
//
// It reads names of headers only, and no values: those may be credentials of another endpoint.
func (x *Examiner) missing(names []string) []reason.Finding {
	absent := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return len(x.Request.Header[name]) > 0 })
	if len(absent) == 0 {
		return nil
	}
	// One header is named. Several findings for one cause would hide the cause.
	header := absent[0]
	others, proxy := x.otherHeaders(absent), x.proxyNamed()
	var all []reason.Finding
	switch as := x.renamed(header); {
	case as != "":
		all = append(all, renamedTo(as, header))
	case len(others) > 0:
		all = append(all, reason.Finding{
			Code: reason.Unsigned,
			Text: "there is no header " + header + ", but " + x.cameFrom(others) + " without its signature",
			Fix:  "set the secret at the provider, or find the proxy that removes the header",
		})
	case len(x.siblings()) > 0:
		all = append(all, otherSender(x.Entry.Title))
	}
	if proxy != "" && (len(all) == 0 || len(others) > 0) {
		all = append(all, stripped(proxy, header))
	}
	return all
}

// missingCredential examines a delivery without the header of a credential.
//
// It ends at the first place that lacks its header, because the guard refused there.
func (x *Examiner) missingCredential() (all []reason.Finding) {
	for _, place := range x.Credentials {
		header := place.Header()
		if header == "" || len(x.Request.Header[header]) > 0 {
			continue
		}
		as := x.renamed(header)
		switch others := x.otherHeaders([]string{header}); {
		case as != "":
			all = append(all, renamedTo(as, header))
		case len(others) > 0:
			all = append(all, reason.Finding{
				Code: reason.NoCredential,
				Text: "there is no header " + header + ", which carries the credential, but " + x.cameFrom(others) +
					" without the credential",
				Fix: place.Remedy(),
			})
		case len(x.siblings()) > 0:
			all = append(all, otherSender(x.Entry.Title))
		}
		if proxy := x.proxyNamed(); proxy != "" && as == "" {
			all = append(all, stripped(proxy, header))
		}
		break
	}
	return all
}

// cameFrom says which headers came, and whose delivery that looks like.
func (x *Examiner) cameFrom(headers []string) string {
	return strings.Join(headers, ", ") + " came: it looks like a delivery of " + x.Entry.Title
}

func renamedTo(as, header string) reason.Finding {
	return reason.Finding{
		Code: reason.Renamed,
		Text: "there is no header " + header + ", but one called " + httpfield.Clean(as),
		Fix:  "make the proxy or gateway pass " + header + " on under its own name",
	}
}

// otherSender is the finding where nothing points to the provider at all. It does not claim an attack:
// health checks and scanners are more frequent.
func otherSender(title string) reason.Finding {
	return reason.Finding{
		Code: reason.OtherSender,
		Text: "there is no header that " + title + " sends",
		Fix: "see who sends to this URL: another provider, a health check, or an unknown sender; or a proxy " +
			"removes unknown headers",
	}
}

// stripped is a guess, and its text says so: the header of a proxy can be written by anybody.
func stripped(proxy, header string) reason.Finding {
	return reason.Finding{
		Code: reason.Stripped,
		Text: "it came through a proxy (the header " + proxy + " says so), which may have removed " + header,
		Fix:  "make the proxy pass " + header + " on",
	}
}

// renamed returns the name of a header that differs from the wanted one in dashes or a prefix only; empty:
// there is none.
//
// The name comes from the request, so whoever shows it must clean it. Its header is not used as the
// wanted one: that would be for the guard to decide, and it fails closed.
func (x *Examiner) renamed(name string) string {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '-' || r == '_' {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	want := plain(name)
	for have := range x.Request.Header {
		if got := plain(have); got == want || got == "http"+want || got == "xoriginal"+want {
			return have
		}
	}
	return ""
}

// siblings returns the headers that the provider sends, as far as its entry names them.
//
// Names of the entry are public facts. The list is made for each explanation, which is rare.
func (x *Examiner) siblings() []string {
	e := x.Entry
	names := slices.Clone(e.Identity.With)
	for _, list := range [][]entry.Value{e.Event.ID, e.Event.Type, e.Event.Tenant, e.Event.Time} {
		for _, v := range list {
			if v.Header != "" {
				names = append(names, v.Header)
			}
		}
	}
	if v := x.Verifier; v != nil {
		names = append(names, v.ProofHeaders()...)
	}
	return httpfield.CanonicalNames(names)
}

// otherHeaders returns the headers of the provider that came.
//
// An attacker can send all of them. They are a hint that the delivery is genuine, and no proof.
func (x *Examiner) otherHeaders(absent []string) (came []string) {
	for _, name := range x.siblings() {
		if len(x.Request.Header[name]) > 0 && !slices.Contains(absent, name) && !slices.Contains(came, name) {
			came = append(came, name)
		}
	}
	return came
}

// proxyNamed returns a header that only proxies add; empty: there is none.
//
// Any sender can write these headers. They count for a hint here, and for nothing in the guard unless
// the proxy is trusted.
func (x *Examiner) proxyNamed() string {
	for _, name := range []string{
		"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Cf-Ray", "X-Amzn-Trace-Id",
		"X-Envoy-External-Address",
	} {
		if len(x.Request.Header[http.CanonicalHeaderKey(name)]) > 0 {
			return name
		}
	}
	return ""
}

// clock examines how far the time is off, and whether that is all that is wrong.
//
// The claimed time may be unsigned or forged. The finding therefore says whether the signature is
// right, if that can be tried.
func (x *Examiner) clock(why reason.Reason) []reason.Finding {
	v := x.Verifier
	if v == nil || v.IsCustom() {
		return nil
	}
	p := signature.Claims{}
	url := x.signedURL()
	text := v.ClaimedTime(&signature.Input{Request: x.Request, URL: url, Body: x.Body, Claims: &p, Now: x.Now}, x.Read)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		// Ten years around now are enough. In the wrong unit a time of today is in 1970, or tens of
		// thousands of years away.
		swapped := map[entry.Unit]time.Time{entry.Seconds: time.UnixMilli(n), entry.Milliseconds: time.Unix(n, 0)}
		for unit, other := range swapped {
			if v.Unit == unit && other.Sub(x.Now).Abs() < 10*365*24*time.Hour {
				return []reason.Finding{{
					Code: reason.TimeUnit,
					Text: "the timestamp reads as a date of these years only if seconds and milliseconds are swapped",
					Fix: "let the sender write the unit that " + x.Entry.Title + " documents; check that this " +
						"endpoint's provider is the right entry",
				}}
			}
		}
	}
	at, ok := v.TimeOf(&p)
	if !ok || why == reason.MalformedTimestamp {
		return nil
	}
	// The difference is to the clock when the delivery came. The explanation itself may run seconds
	// later.
	off := x.Now.Sub(at).Round(time.Second)
	finding := reason.Finding{Code: reason.Clock}
	signed := ""
	if keys := x.keysIfCheap(); keys != nil {
		if label, ok := x.matches(keys, url, x.Body); ok {
			signed, finding.Secret = "; its signature is right", label
		} else {
			signed = "; its signature is wrong as well"
		}
	}
	seconds := strconv.FormatFloat(off.Abs().Seconds(), 'f', 0, 64)
	if off < 0 {
		finding.Text = "the timestamp is " + seconds + " seconds ahead of this machine's clock" + signed
		finding.Fix = "set this machine's clock (NTP): if every delivery is as far ahead, it is slow by so much"
	} else {
		finding.Text = "the timestamp is " + seconds + " seconds behind this machine's clock" + signed
		finding.Fix = "if every delivery is as far behind, this machine's clock is fast by so much (NTP); if only " +
			"some are, something queues them, or they are replayed"
	}
	return []reason.Finding{finding}
}

// keysIfCheap returns the secrets to try; nil where the body is not known, or trying is too expensive.
//
// A custom mechanism is never tried again: it may ask other hosts, and its cost is not known.
func (x *Examiner) keysIfCheap() *signature.Keys {
	v := x.Verifier
	if !x.Read || !v.HasSecrets() || (!v.UsesMAC() && !x.Public) {
		return nil
	}
	return x.keys()
}
