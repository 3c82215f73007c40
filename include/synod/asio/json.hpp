// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace synod::asio {

// Writes JSON, with the commas where they belong.
class json_writer {
 public:
  void open(char bracket) {
    separate();
    text_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }
  json_writer& key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    fresh_ = true;
    return *this;
  }
  void value(std::string_view text) {
    separate();
    quote(text);
  }
  void value(char const* text) { value(std::string_view(text)); }
  void value(bool yes) {
    separate();
    text_ += yes ? "true" : "false";
  }
  void value(std::integral auto number) {
    separate();
    text_ += std::to_string(number);
  }
  void nothing() {
    separate();
    text_ += "null";
  }
  template <class T>
  void field(std::string_view name, T const& what) {
    key(name).value(what);
  }

  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  void separate() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }
  void quote(std::string_view from) {
    text_ += '"';
    for (char const c : from) {
      auto const code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (code < 0x20) {
        text_ += "\\u00";
        text_ += "0123456789abcdef"[code >> 4];
        text_ += "0123456789abcdef"[code & 15];
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }

  std::string text_;
  bool fresh_ = true;
};

}  // namespace synod::asio
