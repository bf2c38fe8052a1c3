// Runs the portico program as a shell would, and what its tests share: a folder, MIDI files.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace portico::cli_test {

using Bytes = std::vector<std::uint8_t>;
using Arguments = std::vector<std::string>;

// A folder for one test; the program runs in it.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    // Names of all files, hidden ones too, sorted.
    std::vector<std::string> names() const;
    bool has(const std::string& name) const;
    std::string text(const std::string& name) const;
    Bytes bytes(const std::string& name) const;
    void write(const std::string& name, std::string_view text) const;
    void write(const std::string& name, const Bytes& bytes) const;

  private:
    std::string path_;
};

// How a run ended: exit code, or minus the signal.
struct Ended {
    int code = 0;
    std::string out;
    std::string err;

    // Standard error is one line that begins with "portico: ".
    bool one_line() const;
};
void PrintTo(const Ended& ended, std::ostream* out);

enum class Stream { pipe, closed, unread, full, null };

struct How {
    Stream in = Stream::null;   // pipe: `input` is written to it
    Stream out = Stream::pipe;  // unread: a pipe whose reader has gone; full: a full disk
    Stream err = Stream::pipe;
    std::string input;
    std::uint64_t file_bytes_max = 0;      // RLIMIT_FSIZE; 0: none
    bool obeys_modes = false;              // root, too, is stopped by the modes of files
    std::vector<std::string> environment;  // "NAME=value", on top of the test's
    int err_fd = -1;                       // instead of `err`: a terminal
};

// A program that runs. Its output is collected until it ends.
class Program {
  public:
    Program(const Folder& folder, const Arguments& arguments, const How& how = {});
    ~Program();
    Program(const Program&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    // Whether the program has a handler for the signal now.
    bool handles(int number) const;
    Ended wait();

  private:
    pid_t pid_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::string input_;
};

Ended run(const Folder& folder, const Arguments& arguments, const How& how = {});

// ---- MIDI files ----

// A type 0 file of 480 ticks a quarter at 120 beats a minute, from its track's events.
Bytes midi_file(const Bytes& events);
// Delta time.
Bytes ticks(std::uint32_t count);
Bytes operator+(Bytes a, const Bytes& b);
// `count` notes of 10 ms each, one after the other.
Bytes notes(unsigned count);
// What a file written by Portico says, as a flat list of messages without times.
std::vector<Bytes> messages(const Bytes& file);
// Keys that are down at the end.
int held_keys(const std::vector<Bytes>& messages);

}  // namespace portico::cli_test
