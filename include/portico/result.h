// A value or the one line that says why there is none. Errors cross rooms as values (design, section 5).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace portico {

// The exit codes of the command line.
enum class ExitCode : int { ok = 0, findings = 1, bad_input = 2, missing = 3 };

struct Error {
    std::string message;  // one line: what, where, what to do
    ExitCode exit = ExitCode::bad_input;
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }
    // Of an error: a std::runtime_error with its line, so that a test that takes the value unseen says why it
    // failed.
    T& value() & { return checked(*this); }
    const T& value() const& { return checked(*this); }
    T&& value() && { return std::move(checked(*this)); }
    const Error& error() const { return std::get<1>(state_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

  private:
    template <class Self>
    static auto& checked(Self& self) {
        if (!self.ok()) throw std::runtime_error(self.error().message);
        return *std::get_if<0>(&self.state_);
    }
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool ok() const { return ok_; }
    explicit operator bool() const { return ok_; }
    const Error& error() const { return error_; }

  private:
    Error error_;
    bool ok_ = true;
};

}  // namespace portico

// PORTICO_TRY(expression): its value, or return its error from the function around it.
#define PORTICO_TRY(EXPRESSION)                                  \
    ({                                                           \
        auto portico_result = (EXPRESSION);                      \
        if (!portico_result.ok()) return portico_result.error(); \
        std::move(portico_result).value();                       \
    })

#define PORTICO_TRY_VOID(EXPRESSION)                             \
    do {                                                         \
        auto portico_result = (EXPRESSION);                      \
        if (!portico_result.ok()) return portico_result.error(); \
    } while (0)
