package main

import (
	"context"

	"minifb/shared/rules"
)

type deleteAccountInput struct {
	Body struct {
		Password rules.Password `json:"password"`
	}
}

// deleteAccount hides the account and erases its personal data. Maintenance deletes its rows.
func (v views) deleteAccount(ctx context.Context, in *deleteAccountInput) (*struct{}, error) {
	credential, err := v.checkPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return nil, v.store.DeleteAccount(ctx, credential)
}
