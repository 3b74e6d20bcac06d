resource "aws_s3_bucket" "documents" {
  bucket = "edge-issuer"
}

resource "aws_s3_bucket_versioning" "versioning" {
  bucket = aws_s3_bucket.documents.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Served on one line; the files have more for anyone who reads them.
resource "aws_s3_object" "jwks" {
  bucket        = aws_s3_bucket.documents.id
  key           = "openid/v1/jwks"
  cache_control = "public, max-age=300"
  content       = replace(file("${path.module}/documents/jwks.json"), "/\n */", "")
  content_type  = "application/json"
  etag          = "114e858f6a062a58956af7ff81e7484d"

  depends_on = [aws_s3_bucket_versioning.versioning]
}

resource "aws_s3_object" "openid_configuration" {
  bucket        = aws_s3_bucket.documents.id
  key           = ".well-known/openid-configuration"
  cache_control = "public, max-age=300"
  content       = replace(file("${path.module}/documents/openid_configuration.json"), "/\n */", "")
  content_type  = "application/json"
  etag          = "c3f9f7a896cbf4b5bd465f583007e87e"

  depends_on = [aws_s3_bucket_versioning.versioning]
}

resource "aws_s3_bucket_ownership_controls" "ownership" {
  bucket = aws_s3_bucket.documents.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "public_access" {
  bucket                  = aws_s3_bucket.documents.id
  block_public_acls       = true
  block_public_policy     = false
  ignore_public_acls      = true
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "policy" {
  bucket = aws_s3_bucket.documents.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ReadDocuments"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource = [
          "arn:aws:s3:::edge-issuer/.well-known/openid-configuration",
          "arn:aws:s3:::edge-issuer/openid/v1/jwks",
        ]
      },
      {
        Sid       = "RefuseWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::edge-issuer", "arn:aws:s3:::edge-issuer/*"]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.public_access]
}
