// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace synod::asio {

// As much of HTTP/1.1 as a page for people and a monitor need: GET and HEAD without a body, one
// request per connection. Everything else gets a status that says so.
struct http_request {
  std::string_view method;
  std::string_view path;    // up to the question mark
  std::string_view host;    // without the port
  std::string_view origin;  // of the page that asks, where a browser says so
};

enum class http_progress : std::uint8_t { incomplete, complete, refused };

inline constexpr std::size_t http_request_bytes_max = 8192;

namespace detail {

inline bool equal_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    char const x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    char const y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

inline std::string_view without_port(std::string_view host) {
  std::size_t const bracket = host.rfind(']');
  std::size_t const colon = host.rfind(':');
  bool const has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

}  // namespace detail

// Reads what has arrived so far; views point into it. A refusal sets `status`.
inline http_progress read_http_request(std::string_view arrived, http_request& into, int& status) {
  std::size_t const end = arrived.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (arrived.size() < http_request_bytes_max) return http_progress::incomplete;
    status = 431;
    return http_progress::refused;
  }
  status = 400;
  std::string_view head = arrived.substr(0, end);
  std::string_view const line = head.substr(0, head.find("\r\n"));
  std::size_t const first = line.find(' ');
  std::size_t const last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return http_progress::refused;
  into.method = line.substr(0, first);
  std::string_view const target = line.substr(first + 1, last - first - 1);
  if (!line.substr(last + 1).starts_with("HTTP/1.")) return http_progress::refused;
  if (target.empty() || target.front() != '/') return http_progress::refused;
  into.path = target.substr(0, target.find('?'));
  into.host = {};
  into.origin = {};
  while (head.size() > line.size()) {
    std::size_t const next = head.rfind("\r\n");
    std::string_view const header = head.substr(next + 2);
    head = head.substr(0, next);
    std::size_t const colon = header.find(':');
    if (colon == std::string_view::npos) return http_progress::refused;
    if (detail::equal_without_case(header.substr(0, colon), "host")) {
      into.host = detail::without_port(detail::trimmed(header.substr(colon + 1)));
    }
    if (detail::equal_without_case(header.substr(0, colon), "origin")) {
      into.origin = detail::trimmed(header.substr(colon + 1));
    }
  }
  if (into.method != "GET" && into.method != "HEAD") {
    status = 405;
    return http_progress::refused;
  }
  status = 200;
  return http_progress::complete;
}

// A page of another site, opened in a browser on this machine, may make a name of its own point
// here; what it then asks for still bears that name.
inline bool is_local_host(std::string_view host) {
  bool const numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host.empty() || host == "localhost" || host == "[::1]" ||
         (numeric && host.starts_with("127."));
}

// A page that a node of this machine served may read what another one serves.
inline bool is_local_origin(std::string_view origin) {
  if (!origin.starts_with("http://")) return false;
  std::string_view const host = detail::without_port(origin.substr(7));
  return !host.empty() && is_local_host(host);
}

constexpr std::string_view http_reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Error";
  }
}

inline std::string http_response(int status, std::string_view type, std::string_view body,
                                 bool head_only, std::string_view reader = {}) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " ";
  text += http_reason(status);
  text += "\r\nContent-Type: ";
  text += type;
  text += "\r\nContent-Length: " + std::to_string(body.size());
  text += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n";
  if (!reader.empty()) {
    text += "Access-Control-Allow-Origin: ";
    text += reader;
    text += "\r\nVary: Origin\r\n";
  }
  text += "\r\n";
  if (!head_only) text += body;
  return text;
}

}  // namespace synod::asio
