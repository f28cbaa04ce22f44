// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same language rules; an import is seen only where it is written.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (Context.environment["SWIFTLET_STRICT"] == "1" ? [.treatAllWarnings(as: .error)] : [])

/// A module of the product; `dependencies` is the module rule of the README, enforced by the build.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict)
}

/// The tests of one module, which may also use the simulated devices; files in `exclude` they read by themselves.
func tests(of name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests", exclude: exclude,
        swiftSettings: strict)
}

let package = Package(
    name: "swiftlet",
    products: [
        .executable(name: "swiftlet", targets: ["swiftlet"]),
        .executable(name: "demo", targets: ["demo"]),
        .executable(name: "simulate", targets: ["simulate"]),
    ],
    dependencies: [],
    targets: [
        module("Bytes"),
        module("MQTTSN", ["Bytes"]),
        module("MQTT", ["Bytes"]),
        module("LinkFraming", ["Bytes"]),
        module("GatewayCore", ["Bytes", "MQTTSN", "MQTT"]),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        module("Transports", ["CLinux"]),
        module("Configuration", ["GatewayCore"]),
        module("GatewayHost", ["Bytes", "MQTTSN", "MQTT", "GatewayCore", "Transports", "Configuration"]),
        .executableTarget(
            name: "swiftlet", dependencies: ["GatewayHost", "GatewayCore", "Transports", "Configuration"],
            path: "Sources/swiftlet", swiftSettings: strict),
        .target(
            name: "GatewaySimulator", dependencies: ["Bytes", "MQTTSN", "MQTT", "GatewayCore"],
            path: "Simulators/GatewaySimulator", swiftSettings: strict),
        .executableTarget(
            name: "demo",
            dependencies: [
                "Bytes", "MQTTSN", "GatewaySimulator", "GatewayHost", "GatewayCore", "Configuration", "Transports",
            ],
            path: "Simulators/demo", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["GatewaySimulator", "GatewayCore", "Transports"],
            path: "Simulators/simulate", swiftSettings: strict),
        tests(of: "Bytes", ["Bytes"]),
        tests(of: "LinkFraming", ["Bytes", "LinkFraming"]),
        tests(of: "MQTTSN", ["Bytes", "MQTTSN"]),
        tests(of: "MQTT", ["Bytes", "MQTT"]),
        tests(
            of: "GatewayCore", ["Bytes", "MQTTSN", "MQTT", "GatewayCore", "GatewaySimulator"], exclude: ["Transcripts"]),
        tests(of: "Transports", ["CLinux", "Transports"]),
        tests(of: "Configuration", ["GatewayCore", "Configuration"]),
        tests(
            of: "GatewaySimulator", ["Bytes", "MQTTSN", "MQTT", "GatewayCore", "GatewaySimulator", "Transports"]),
        tests(
            of: "GatewayHost",
            [
                "Bytes", "MQTTSN", "MQTT", "GatewayCore", "GatewayHost", "Transports", "Configuration",
                "GatewaySimulator",
            ]),
        tests(of: "Tidy", []),
    ],
    swiftLanguageModes: [.v6]
)
