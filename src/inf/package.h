// What an INF installs for one model of a device.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inf/copy_files.h"
#include "inf/file.h"
#include "inf/log_config.h"
#include "inf/registry.h"

namespace portico::inf {

struct DeviceInterface {
    std::string class_guid;  // "{6994AD04-93EF-11D0-A3CC-00A0C9223196}"
    std::string reference;   // empty: none
    std::vector<RegistryEntry> registry;
};

struct Service {
    std::string name;
    std::string display_name;
    std::string binary;       // "\SystemRoot\System32\drivers\mycard.sys"
    std::uint32_t type = 1;   // SERVICE_KERNEL_DRIVER
    std::uint32_t start = 3;  // SERVICE_DEMAND_START
    std::uint32_t error_control = 1;
    std::vector<RegistryEntry> registry;
};

struct Model {
    std::string manufacturer;
    std::string description;
    std::string hardware_id;
    std::vector<std::string> compatible_ids;
    std::string provider;
    std::string driver_version;           // DriverVer's second part
    std::vector<RegistryEntry> software;  // of the device's software key
    std::vector<RegistryEntry> hardware;  // of its hardware key (DDInstall.HW)
    std::vector<DeviceInterface> interfaces;
    std::vector<LogConfig> log_configs;  // alternatives, the preferred first
    std::vector<CopiedFile> files;
    Service service;  // of the function driver; name empty: the INF has none
};

struct Package {
    std::vector<Model> models;  // in the order of the file
    Problems errors;            // not empty: `models` cannot be relied on
    Problems warnings;          // what Windows would not take, or what has no meaning here
    bool other_class = false;   // errors has one line, which says so
};

// `bytes` as the file has them. Models of all manufacturers are read, so that every error is told.
Package read_package(std::string_view bytes);

// The model that drives a device with that hardware ID: by its own hardware ID, else by a compatible ID.
// Null: none.
const Model* find_model(const Package& package, std::string_view hardware_id);

}  // namespace portico::inf
