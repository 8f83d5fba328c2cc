// Dex with its password database, in memory: this program writes the configuration files that Dex's
// documentation describes and starts it twice: as it comes and, at a second address, with refresh
// tokens that are good for one use to the second.
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/crypto/bcrypt"
)

type object = map[string]any

type client struct {
	ID           string   `json:"client_id"`
	Auth         string   `json:"token_endpoint_auth_method"`
	Secret       string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
}

func staticClients() ([]object, error) {
	text, err := os.ReadFile(os.Getenv("PEER_CLIENTS"))
	if err != nil {
		return nil, err
	}
	var known []client
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, err
	}
	var rows []object
	for _, c := range known {
		row := object{"id": c.ID, "name": c.ID, "redirectURIs": c.RedirectURIs}
		if c.Auth == "none" {
			row["public"] = true
		} else {
			row["secret"] = c.Secret
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// start runs Dex with a configuration file of its own; what it says when it ends comes by the channel.
func start(issuer, file string, common object, ended chan<- error) error {
	place, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	config := object{"issuer": issuer, "web": object{"http": place.Host}}
	for key, value := range common {
		config[key] = value
	}
	text, err := json.Marshal(config) // which is YAML as well
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return err
	}
	server := exec.Command(filepath.Join(filepath.Dir(own), "dex"), "serve", file)
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	if err := server.Start(); err != nil {
		return err
	}
	go func() { ended <- server.Wait() }()
	return nil
}

func run() error {
	clients, err := staticClients()
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(os.Getenv("PEER_PASSWORD")), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	name := os.Getenv("PEER_USERNAME")
	config := object{
		"storage":          object{"type": "memory"},
		"enablePasswordDB": true,
		"staticPasswords": []object{{
			"email": name, "hash": string(hash), "username": name, "name": "Alice Example", "userID": "user-1",
		}},
		"staticClients": clients,
	}
	ended := make(chan error)
	if err := start(os.Getenv("PEER_ISSUER"), "default.yaml", config, ended); err != nil {
		return err
	}
	config["expiry"] = object{"refreshTokens": object{"reuseInterval": "0s"}}
	if err := start(os.Getenv("PEER_SECOND")+"/dex", "no-reuse.yaml", config, ended); err != nil {
		return err
	}
	return fmt.Errorf("dex has ended: %w", <-ended)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
