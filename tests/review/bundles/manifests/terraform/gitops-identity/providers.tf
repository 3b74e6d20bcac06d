provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "eu-central-1"
}
