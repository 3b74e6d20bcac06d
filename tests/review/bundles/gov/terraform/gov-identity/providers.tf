provider "aws" {
  allowed_account_ids = ["123456789012"]
  region              = "us-gov-west-1"

  default_tags {
    tags = {
      cost-center = "42"
      owner       = "platform"
    }
  }
}
