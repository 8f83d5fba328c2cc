// Ory Hydra with a login and consent application of its own, which does what Hydra's documentation
// asks of one: it shows a form, and tells Hydra by the admin API what the user said. Hydra itself is
// the program of its module, started with the settings of its five-minute tutorial, in memory.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

type object = map[string]any

// application is the login and consent application; admin is the address of Hydra's admin API.
type application struct{ admin, username, password string }

// ask sends one request to the admin API; answer may be nil.
func (a application) ask(method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, a.admin+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// get reads a login or consent request; put accepts or rejects it and sends the browser on.
func (a application) get(kind, challenge string) (object, error) {
	request := object{}
	path := "/admin/oauth2/auth/requests/" + kind + "?" + kind + "_challenge=" + url.QueryEscape(challenge)
	return request, a.ask("GET", path, nil, &request)
}

func (a application) put(w http.ResponseWriter, r *http.Request, kind, verb, challenge string, body object) {
	var answer struct {
		RedirectTo string `json:"redirect_to"`
	}
	path := "/admin/oauth2/auth/requests/" + kind + "/" + verb + "?" + kind + "_challenge=" + url.QueryEscape(challenge)
	if err := a.ask("PUT", path, body, &answer); err != nil {
		show(w, http.StatusBadRequest, "error", err.Error())
		return
	}
	http.Redirect(w, r, answer.RedirectTo, http.StatusSeeOther)
}

var pages = template.Must(template.New("").Parse(`
{{define "error"}}<!doctype html><title>Error</title><p>{{.}}</p>{{end}}
{{define "login"}}<!doctype html><title>Sign in</title><form method="post">
<input type="hidden" name="challenge" value="{{.}}">
<label>User name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>{{end}}
{{define "consent"}}<!doctype html><title>Allow access</title>
<p>{{.client.client_id}} asks for:</p><form method="post">
<input type="hidden" name="challenge" value="{{.challenge}}">
{{range .requested_scope}}<label><input type="checkbox" name="scope" value="{{.}}" checked> {{.}}</label>
{{end}}<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>{{end}}`))

func show(w http.ResponseWriter, status int, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, page, data)
}

func same(one, two string) bool { return subtle.ConstantTimeCompare([]byte(one), []byte(two)) == 1 }

func (a application) login(w http.ResponseWriter, r *http.Request) {
	challenge := r.FormValue("challenge")
	if r.Method == http.MethodPost {
		if !same(r.FormValue("username"), a.username) || !same(r.FormValue("password"), a.password) {
			show(w, http.StatusUnauthorized, "login", challenge)
			return
		}
		a.put(w, r, "login", "accept", challenge, object{"subject": a.username, "remember": true})
		return
	}
	challenge = r.FormValue("login_challenge")
	request, err := a.get("login", challenge)
	if err != nil {
		show(w, http.StatusBadRequest, "error", err.Error())
		return
	}
	if request["skip"] == true { // Hydra knows the user already
		a.put(w, r, "login", "accept", challenge, object{"subject": request["subject"]})
		return
	}
	show(w, http.StatusOK, "login", challenge)
}

func (a application) consent(w http.ResponseWriter, r *http.Request) {
	challenge := r.FormValue("consent_challenge")
	if r.Method == http.MethodPost {
		challenge = r.FormValue("challenge")
	}
	request, err := a.get("consent", challenge)
	if err != nil {
		show(w, http.StatusBadRequest, "error", err.Error())
		return
	}
	granted := request["requested_scope"]
	switch {
	case request["skip"] == true: // the user has said so before
	case r.Method != http.MethodPost:
		show(w, http.StatusOK, "consent", request)
		return
	case r.FormValue("decision") != "allow":
		denied := object{"error": "access_denied", "error_description": "The resource owner denied the request"}
		a.put(w, r, "consent", "reject", challenge, denied)
		return
	default:
		granted = r.Form["scope"]
	}
	claims := object{"name": "Alice Example", "email": "alice@app.example"}
	a.put(w, r, "consent", "accept", challenge, object{
		"grant_scope": granted, "grant_access_token_audience": request["requested_access_token_audience"],
		"remember": true, "session": object{"id_token": claims},
	})
}

// register makes the clients that every peer has.
func (a application) register(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var clients []object
	if err := json.Unmarshal(text, &clients); err != nil {
		return err
	}
	for _, client := range clients {
		if client["token_endpoint_auth_method"] == "private_key_jwt" {
			client["token_endpoint_auth_signing_alg"] = "ES256"
		}
		if err := a.ask("POST", "/admin/clients", client, nil); err != nil {
			return err
		}
	}
	return nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// hydra starts the server beside this program; it gives the address of the admin API.
func hydra(issuer, pages string) (string, error) {
	place, err := url.Parse(issuer)
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	config := object{
		"dsn":     "memory",
		"serve":   object{"public": object{"host": place.Hostname(), "port": json.Number(place.Port())}, "admin": object{"host": "127.0.0.1", "port": json.Number(port)}, "cookies": object{"same_site_mode": "Lax"}},
		"urls":    object{"self": object{"issuer": issuer}, "login": pages + "/login", "consent": pages + "/consent", "error": pages + "/error"},
		"secrets": object{"system": []string{rand.Text()}},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile("hydra.json", text, 0o600); err != nil {
		return "", err
	}
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	program := filepath.Join(filepath.Dir(own), "hydra")
	server := exec.Command(program, "serve", "all", "--dev", "--sqa-opt-out", "--config", "hydra.json")
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	if err := server.Start(); err != nil {
		return "", err
	}
	go func() { // neither is of use without the other
		fmt.Fprintln(os.Stderr, "hydra has ended:", server.Wait())
		os.Exit(1)
	}()
	admin := "http://127.0.0.1:" + port
	for range 600 {
		if response, err := http.Get(admin + "/health/ready"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return admin, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", errors.New("hydra did not become ready")
}

func run() error {
	pages := os.Getenv("PEER_SECOND")
	admin, err := hydra(os.Getenv("PEER_ISSUER"), pages)
	if err != nil {
		return err
	}
	app := application{admin, os.Getenv("PEER_USERNAME"), os.Getenv("PEER_PASSWORD")}
	if err := app.register(os.Getenv("PEER_CLIENTS")); err != nil {
		return err
	}
	place, err := url.Parse(pages)
	if err != nil {
		return err
	}
	http.HandleFunc("/login", app.login)
	http.HandleFunc("/consent", app.consent)
	http.HandleFunc("/error", func(w http.ResponseWriter, r *http.Request) {
		show(w, http.StatusBadRequest, "error", r.FormValue("error")+" "+r.FormValue("error_description"))
	})
	return http.ListenAndServe(place.Host, nil)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
