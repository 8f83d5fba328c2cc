// An OpenID provider built with zitadel/oidc: the server that the library's authors publish as their
// example (package exampleop and its in-memory storage), with the users and clients of every peer.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

type client struct {
	ID           string   `json:"client_id"`
	Auth         string   `json:"token_endpoint_auth_method"`
	Secret       string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
}

type users struct{ user storage.User }

func (u users) GetUserByID(id string) *storage.User {
	if id != u.user.ID {
		return nil
	}
	return &u.user
}

func (u users) GetUserByUsername(name string) *storage.User {
	if name != u.user.Username {
		return nil
	}
	return &u.user
}

func (u users) ExampleClientID() string { return "service" }

func clients() ([]client, error) {
	text, err := os.ReadFile(os.Getenv("PEER_CLIENTS"))
	if err != nil {
		return nil, err
	}
	var found []client
	return found, json.Unmarshal(text, &found)
}

func run() error {
	issuer := os.Getenv("PEER_ISSUER")
	place, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	known, err := clients()
	if err != nil {
		return err
	}
	for _, c := range known {
		switch c.Auth {
		case "none":
			storage.RegisterClients(storage.NativeClient(c.ID, c.RedirectURIs...))
		case "client_secret_basic":
			storage.RegisterClients(storage.WebClient(c.ID, c.Secret, c.RedirectURIs...))
		}
	}
	user := storage.User{
		ID: "user-1", Username: os.Getenv("PEER_USERNAME"), Password: os.Getenv("PEER_PASSWORD"),
		FirstName: "Alice", LastName: "Example", Email: "alice@app.example", EmailVerified: true,
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	router := exampleop.SetupServer(issuer, storage.NewStorage(users{user}), logger, false)
	return http.ListenAndServe(place.Host, router)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
