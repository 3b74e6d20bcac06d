provider "aws" {
  region = "ap-southeast-2"
}
