package fake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// admits says whether the request has what an entry of type orbit in the process's config takes, as the host would.
func (p *Process) admits(r *http.Request) bool { return p.Subject(r.Header.Get("Authorization")) != "" }

// Subject is as whom the process sees the sender of an Authorization header; "" is nobody.
func (p *Process) Subject(authorization string) string {
	var config struct {
		Backend struct {
			Auth struct {
				ExternalAccess []struct {
					Type    string
					Options struct {
						Issuer, Audience string
						Keys             []jose.JSONWebKey
					}
				}
			}
		}
	}
	if json.Unmarshal(p.Config().Document, &config) != nil {
		return ""
	}
	token, err := jwt.ParseSigned(strings.TrimPrefix(authorization, "Bearer "), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return ""
	}
	for _, entry := range config.Backend.Auth.ExternalAccess {
		if entry.Type != "orbit" {
			continue
		}
		var claims jwt.Claims
		keys := jose.JSONWebKeySet{Keys: entry.Options.Keys}
		if token.Claims(keys, &claims) != nil {
			continue
		}
		want := jwt.Expected{Issuer: entry.Options.Issuer, AnyAudience: jwt.Audience{entry.Options.Audience}, Time: time.Now()}
		if claims.ValidateWithLeeway(want, 0) == nil && claims.Expiry != nil && claims.Subject != "" {
			return "external:orbit:" + claims.Subject
		}
	}
	return ""
}
