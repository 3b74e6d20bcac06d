provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "ap-southeast-2"
}
