// The images of the workers; `make images` calls this with .env in its environment.

variable "TRIGLOT_TAG" {}
variable "TRIGLOT_VERSION" {}
variable "TRIGLOT_REVISION" {}
variable "PYTHON_IMAGE" {}
variable "GO_IMAGE" {}
variable "NODE_IMAGE" {}

group "default" {
  targets = ["python", "go", "typescript"]
}

target "common" {
  labels = {
    "org.opencontainers.image.version"  = TRIGLOT_VERSION
    "org.opencontainers.image.revision" = TRIGLOT_REVISION
    "org.opencontainers.image.licenses" = "Apache-2.0"
  }
}

target "python" {
  inherits = ["common"]
  context  = "python"
  tags     = ["triglot/python:${TRIGLOT_TAG}"]
  args     = { PYTHON_IMAGE = PYTHON_IMAGE }
  labels = {
    "org.opencontainers.image.title"       = "triglot-python"
    "org.opencontainers.image.description" = "Triglot's workers for workflows and analytics, its inbox and its command line"
  }
}

target "go" {
  inherits = ["common"]
  context  = "go"
  tags     = ["triglot/go:${TRIGLOT_TAG}"]
  args     = { GO_IMAGE = GO_IMAGE }
  labels = {
    "org.opencontainers.image.title"       = "triglot-go"
    "org.opencontainers.image.description" = "Triglot's simulation worker"
  }
}

target "typescript" {
  inherits = ["common"]
  context  = "typescript"
  tags     = ["triglot/typescript:${TRIGLOT_TAG}"]
  args     = { NODE_IMAGE = NODE_IMAGE }
  labels = {
    "org.opencontainers.image.title"       = "triglot-typescript"
    "org.opencontainers.image.description" = "Triglot's notification worker"
  }
}
