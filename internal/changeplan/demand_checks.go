package changeplan

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/orbit-idp/terraform-provider-orbit/internal/appconfig"
)

var (
	spaces  = regexp.MustCompile(`\s`)
	scheme  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)
	isoTime = regexp.MustCompile(`^P[-0-9.,YMWDTHS]+$`)
	humane  = regexp.MustCompile(`^(?i)-?(?:\d+)?\.?\d+ *(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|mo|years?|yrs?|y)$`)
	noHost  = regexp.MustCompile(`[\s#/?\\@<>^|%]`)
)

// known says whether the part is a text that no secret takes part in.
func (p part) known() bool { return p.value.Kind() == appconfig.String && !isReference(p.value.Text()) }

func (p part) missing() bool {
	return p.value.Kind() == appconfig.Missing || p.value.Kind() == appconfig.Null
}

// text demands a text that is not empty, as getString does.
func (p part) text() bool {
	switch {
	case p.missing():
		p.wrong("it is required and missing")
	case p.value.Kind() != appconfig.String || p.value.Text() == "":
		p.wrong("it has to be a text that is not empty")
	default:
		return true
	}
	return false
}

// required demands texts at keys.
func required(keys ...string) func(part) {
	return func(p part) {
		for _, key := range keys {
			p.field(key).text()
		}
	}
}

// present demands something at a key.
func present(key string) func(part) {
	return func(p part) {
		if field := p.field(key); field.missing() {
			field.wrong("it is required and missing")
		}
	}
}

// oneOf demands one of the texts.
func oneOf(texts ...string) func(part) {
	return func(p part) {
		if p.known() && !slices.Contains(texts, p.value.Text()) {
			p.wrong("%q is not one of %s", p.value.Text(), strings.Join(texts, ", "))
		}
	}
}

// list demands a list.
func list(p part) {
	if p.value.Kind() != appconfig.Sequence {
		p.wrong("it has to be a list")
	}
}

// absoluteURL demands what JavaScript's URL takes for one.
func absoluteURL(p part) {
	if p.known() && !isURL(p.value.Text()) {
		p.wrong("%q is not a URL with a scheme such as https://", p.value.Text())
	}
}

// isURL errs on the side of taking a text for a URL: what it refuses, the URL of JavaScript refuses too.
func isURL(text string) bool {
	text = strings.TrimSpace(text)
	if !scheme.MatchString(text) {
		return false
	}
	parsed, err := url.Parse(text)
	special := err == nil && slices.Contains([]string{"http", "https", "ws", "wss", "ftp"}, strings.ToLower(parsed.Scheme))
	return !special || strings.Trim(text[len(parsed.Scheme)+1:], "/\\") != ""
}

// host demands a host, with a port perhaps, as URL.host has it: without scheme, path and user.
func host(p part) {
	if p.known() && noHost.MatchString(p.value.Text()) {
		p.wrong("%q is not a host name", p.value.Text())
	}
}

// duration demands what readDurationFromConfig reads: {minutes: 5}, "5 minutes" or "PT5M".
func duration(p part) {
	const units = "years, months, weeks, days, hours, minutes, seconds or milliseconds"
	switch p.value.Kind() {
	case appconfig.String:
		text := strings.TrimSpace(p.value.Text())
		if p.known() && !isoTime.MatchString(text) && !(len(text) <= 100 && humane.MatchString(text)) {
			p.wrong("%q is not a duration such as {minutes: 5}, 5m or PT5M", p.value.Text())
		}
	case appconfig.Mapping:
		known := strings.Split(strings.ReplaceAll(units, " or ", " "), " ")
		found := 0
		for key, value := range p.value.Fields() {
			if value.Kind() == appconfig.Null {
				continue
			}
			if found++; !slices.Contains(known, key) && !slices.Contains(known, key+",") {
				p.wrong("a duration has %s, not %q", units, key)
			}
		}
		if found == 0 {
			p.wrong("a duration has %s", units)
		}
	default:
		p.wrong("it has to be a duration such as {minutes: 5}, 5m or PT5M")
	}
}

// unless makes a check that lets values of a kind pass.
func unless(kind appconfig.Kind, check func(part)) func(part) {
	return func(p part) {
		if p.value.Kind() != kind {
			check(p)
		}
	}
}

// schedule demands what readSchedulerServiceTaskScheduleDefinitionFromConfig reads.
func schedule(p part) {
	frequency := p.field("frequency")
	switch {
	case frequency.missing():
		frequency.wrong("it is required and missing")
	case frequency.value.Field("cron").Truth() || frequency.value.Field("cron").Text() != "":
	case frequency.value.Field("trigger").Text() == "manual":
	default:
		duration(frequency)
	}
	if timeout := p.field("timeout"); timeout.missing() {
		timeout.wrong("it is required and missing")
	} else {
		duration(timeout)
	}
	if delay := p.field("initialDelay"); !delay.missing() {
		duration(delay)
	}
	oneOf("global", "local")(p.field("scope"))
}
