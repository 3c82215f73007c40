# SPDX-License-Identifier: BSL-1.0
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout
from conan.tools.scm import Version

required_conan_version = ">=2.0"


class SynodConan(ConanFile):
    name = "synod"
    description = "Paxos as values: header-only consensus for C++20"
    license = "BSL-1.0"
    topics = ("paxos", "consensus", "replication", "distributed-systems", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "with_cereal": [True, False],  # synod::cereal and synod::testing
        "with_asio": [True, False],  # synod::asio, which needs with_cereal
    }
    default_options = {"with_cereal": False, "with_asio": False}
    exports_sources = "include/*", "LICENSE"
    no_copy_source = True

    def set_version(self):
        # version.hpp is the one place where the version stands.
        header = load(self, os.path.join(self.recipe_folder, "include", "synod", "version.hpp"))
        self.version = re.search(r'SYNOD_VERSION_STRING "([0-9.]+)"', header).group(1)

    def layout(self):
        basic_layout(self, src_folder=".")

    def requirements(self):
        if self.options.with_cereal:
            self.requires("cereal/1.3.2", transitive_headers=True)
        if self.options.with_asio:
            self.requires(
                "boost/1.86.0", transitive_headers=True, options={"header_only": True})

    def validate(self):
        check_min_cppstd(self, 20)
        if self.options.with_asio and not self.options.with_cereal:
            raise ConanInvalidConfiguration(
                "synod: with_asio needs cereal, set -o 'synod/*:with_cereal=True' as well")
        oldest = {"gcc": "12", "clang": "16"}.get(str(self.settings.compiler))
        if oldest and Version(self.settings.compiler.version) < oldest:
            raise ConanInvalidConfiguration(
                f"synod needs {self.settings.compiler} {oldest} or newer, "
                f"this profile has {self.settings.compiler.version}")

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(
            self, "*.hpp", os.path.join(self.source_folder, "include"),
            os.path.join(self.package_folder, "include"))

    def package_info(self):
        # CMake gets the targets that an installed Synod has, and no name for all at once: the
        # one that Conan would make of the package is that of its first component.
        self.cpp_info.set_property("cmake_file_name", "synod")
        self.cpp_info.set_property("cmake_target_name", "synod::everything")
        self.cpp_info.set_property("pkg_config_name", "synod-everything")
        self._component("synod", [])
        if self.options.with_cereal:
            self._component("cereal", ["synod", "cereal::cereal"])
            self._component("testing", ["cereal"])
        if self.options.with_asio:
            self._component("asio", ["cereal", "boost::headers"])
            if self.settings.os in ("Linux", "FreeBSD"):
                self.cpp_info.components["asio"].system_libs = ["pthread"]

    def _component(self, name, requires):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"synod::{name}")
        component.set_property("pkg_config_name", "synod" if name == "synod" else f"synod-{name}")
        component.requires = requires
        component.bindirs = []
        component.libdirs = []
