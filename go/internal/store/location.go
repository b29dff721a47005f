package store

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Location is where a store lies: in a folder, or in a bucket of S3 or of a storage that speaks like it.
// tests/conformance/store-urls.json tells the same of all languages.
type Location struct {
	// Folder is an absolute path, or empty where the store lies in a bucket.
	Folder string
	// Bucket is the bucket's name.
	Bucket string
	// Prefix is below what objects lie in the bucket, without slashes at the ends; empty: nothing.
	Prefix string
	// Endpoint is http://host:port or with https; empty: AWS itself.
	Endpoint string
	// Region is what requests are signed for.
	Region string
}

// These go on after the setting's name. None holds the URL, in which somebody may have put credentials.
var (
	errForm = errors.New(
		"must be file:///absolute/folder or s3://BUCKET[/PREFIX][?endpoint=http://host:port&region=us-east-1]")
	errURLCredentials = errors.New(
		"must not hold credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	errBucket = errors.New("must name a bucket of 3 to 63 lower-case letters, digits, dots and hyphens")
	errPrefix = errors.New(
		"must have a prefix of letters, digits, dots, hyphens and underscores, in parts separated by /")
	errParameters = errors.New("may have no parameters but endpoint and region, each once")
	errEndpoint   = errors.New("must have an endpoint like http://host:port")
	errRegion     = errors.New("must have a region like us-east-1")
)

var (
	folderPattern   = regexp.MustCompile(`^file://(/[^/?#][^?#]*)$`)
	bucketPattern   = regexp.MustCompile(`^s3://([^/?#]*)(/[^?#]*)?(\?[^#]*)?$`)
	bucketName      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPart      = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	regionName      = regexp.MustCompile(`^[a-z0-9-]+$`)
	endpointPattern = regexp.MustCompile(`^(https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?)/?$`)
)

// ParseLocation reads a store's URL. The error goes on after the setting's name.
func ParseLocation(address string) (Location, error) {
	if strings.HasPrefix(address, "s3://") {
		return parseBucket(address)
	}
	match := folderPattern.FindStringSubmatch(address)
	if match == nil || strings.Contains(strings.ToLower(match[1]), "%2f") {
		return Location{}, errForm
	}
	folder, err := url.PathUnescape(match[1])
	if err != nil || !utf8.ValidString(folder) || strings.Contains(folder, "\x00") {
		return Location{}, errForm
	}
	return Location{Folder: folder}, nil
}

func parseBucket(address string) (Location, error) {
	// No valid URL has an @, and what stands before one may be a secret.
	if strings.Contains(address, "@") || strings.Contains(address, "%40") {
		return Location{}, errURLCredentials
	}
	match := bucketPattern.FindStringSubmatch(address)
	if match == nil {
		return Location{}, errForm
	}
	location := Location{Bucket: match[1], Prefix: strings.TrimSuffix(strings.TrimPrefix(match[2], "/"), "/")}
	if !bucketName.MatchString(location.Bucket) {
		return Location{}, errBucket
	}
	if len(match[2]) > 1 && !isPrefix(location.Prefix) {
		return Location{}, errPrefix
	}
	parameters, err := parseParameters(match[3])
	if err != nil {
		return Location{}, err
	}
	location.Region = "us-east-1"
	if region, present := parameters["region"]; present {
		location.Region = region
	}
	if !regionName.MatchString(location.Region) {
		return Location{}, errRegion
	}
	if endpoint, present := parameters["endpoint"]; present {
		location.Endpoint, err = parseEndpoint(endpoint)
	}
	return location, err
}

func isPrefix(prefix string) bool {
	for part := range strings.SplitSeq(prefix, "/") {
		if part == "." || part == ".." || !prefixPart.MatchString(part) {
			return false
		}
	}
	return true
}

func parseParameters(query string) (map[string]string, error) {
	parameters := map[string]string{}
	if query == "" {
		return parameters, nil
	}
	for parameter := range strings.SplitSeq(query[1:], "&") {
		name, value, complete := strings.Cut(parameter, "=")
		_, repeated := parameters[name]
		if !complete || repeated || name != "endpoint" && name != "region" {
			return nil, errParameters
		}
		if decoded, err := url.PathUnescape(value); err == nil {
			value = decoded
		}
		parameters[name] = value
	}
	return parameters, nil
}

func parseEndpoint(value string) (string, error) {
	match := endpointPattern.FindStringSubmatch(value)
	if match == nil {
		return "", errEndpoint
	}
	if port, err := strconv.Atoi(match[2]); match[2] != "" && (err != nil || port < 1 || port > 65_535) {
		return "", errEndpoint
	}
	return match[1], nil
}

// String names the folder or the bucket for messages.
func (l Location) String() string {
	if l.Bucket == "" {
		return (&url.URL{Scheme: "file", Path: l.Folder}).String()
	}
	name := strings.TrimSuffix("s3://"+l.Bucket+"/"+l.Prefix, "/")
	if l.Endpoint == "" {
		return name
	}
	return name + " at " + l.Endpoint
}
