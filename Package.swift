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

/// The names of the modules whose tests are built: `SWIFTLET_TESTS`, or all. Who runs few of them under a sanitizer waits
/// for no others.
let testedModules = Context.environment["SWIFTLET_TESTS"]?.split(separator: " ").map { "\($0)Tests" }

/// Puts the functions of `measure` that count in the place of the C library's, for the program and all its libraries.
let countedAllocator = ["malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign", "free"]
    .flatMap { ["-Xlinker", "--defsym=\($0)=counting_\($0 == "aligned_alloc" ? "memalign" : $0)"] }

let package = Package(
    name: "swiftlet",
    products: [
        .executable(name: "swiftlet", targets: ["swiftlet"]),
        .executable(name: "demo", targets: ["demo"]),
        .executable(name: "simulate", targets: ["simulate"]),
        .executable(name: "measure", targets: ["measure"]),
    ],
    dependencies: [],
    targets: [
        module("Bytes"),
        module("HTTP", ["Bytes"]),
        module("WebSocket", ["HTTP"]),
        .target(
            name: "StatusPage", path: "Sources/StatusPage", resources: [.embedInCode("page.html")],
            swiftSettings: strict),
        module("Time"),
        module("MQTTSN", ["Bytes"]),
        module("MQTT", ["Bytes"]),
        module("LinkFraming", ["Bytes", "Time"]),
        module("GatewayCore", ["Bytes", "Time", "MQTTSN", "MQTT"]),
        module("PahoConversion", ["Configuration"]),
        .target(
            name: "AnnotatedConfiguration", dependencies: [], path: "Sources/AnnotatedConfiguration",
            resources: [.embedInCode("../../Config/gateway.toml")], swiftSettings: strict),
        module("SensorClient", ["Bytes", "Time", "MQTTSN"]),
        module("TraceFile", ["Bytes", "Time", "MQTTSN", "MQTT", "GatewayCore"]),
        module("JSON"),
        module("Journal", ["Bytes"]),
        module("Describe", ["Bytes", "Time", "MQTTSN", "MQTT", "GatewayCore", "TraceFile", "JSON"]),
        module("ControlClient", ["Bytes", "JSON", "Describe"]),
        .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
        module("Transports", ["CLinux", "Bytes", "HTTP", "WebSocket"]),
        module("Configuration", ["Time", "GatewayCore"]),
        module(
            "GatewayHost",
            [
                "Bytes", "Time", "MQTTSN", "MQTT", "LinkFraming", "GatewayCore", "TraceFile", "Describe", "Transports",
                "Configuration", "HTTP", "WebSocket", "StatusPage", "Journal",
            ]),
        .executableTarget(
            name: "swiftlet",
            dependencies: [
                "JSON", "Journal", "TraceFile", "Describe", "ControlClient", "GatewayHost", "GatewayCore", "Transports",
                "Configuration", "AnnotatedConfiguration", "PahoConversion", "SensorClient", "MQTT", "MQTTSN", "Time",
                "Bytes",
            ],
            path: "Sources/swiftlet", swiftSettings: strict),
        .target(
            name: "SimulatorSupport", dependencies: ["CLinux", "Transports"], path: "Simulators/Support",
            swiftSettings: strict),
        .target(
            name: "GatewaySimulator",
            dependencies: ["Bytes", "Time", "MQTTSN", "MQTT", "LinkFraming", "GatewayCore", "TraceFile", "Describe"],
            path: "Simulators/GatewaySimulator", swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Bytes", "Time", "MQTTSN", "MQTT", "LinkFraming", "GatewayCore", "Configuration", "Describe",
                "GatewaySimulator", "HTTP", "WebSocket", "Journal",
            ],
            path: "Simulators/fuzz/Targets", swiftSettings: strict),
        .executableTarget(
            name: "demo",
            dependencies: [
                "Bytes", "Time", "MQTTSN", "LinkFraming", "GatewaySimulator", "GatewayHost", "GatewayCore",
                "Configuration", "Transports", "SimulatorSupport",
            ],
            path: "Simulators/demo", swiftSettings: strict),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "Time", "GatewaySimulator", "GatewayCore", "TraceFile", "Describe", "Transports", "SimulatorSupport",
            ],
            path: "Simulators/simulate", swiftSettings: strict),
        .systemLibrary(name: "CAllocator", path: "Simulators/CAllocator"),
        .executableTarget(
            name: "measure",
            dependencies: ["Bytes", "Time", "MQTTSN", "MQTT", "GatewayCore", "Transports", "CAllocator"],
            path: "Simulators/measure", exclude: ["Budgets.txt"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(countedAllocator)]),
        tests(of: "Bytes", ["Bytes"]),
        tests(of: "HTTP", ["Bytes", "HTTP"]),
        tests(of: "WebSocket", ["HTTP", "WebSocket"]),
        tests(of: "LinkFraming", ["Bytes", "Time", "LinkFraming"]),
        tests(of: "MQTTSN", ["Bytes", "MQTTSN", "Describe"]),
        tests(of: "MQTT", ["Bytes", "MQTT", "Describe"]),
        tests(
            of: "GatewayCore",
            [
                "Bytes", "Time", "MQTTSN", "MQTT", "GatewayCore", "TraceFile", "GatewaySimulator", "FuzzTargets",
                "Transports",
            ],
            exclude: ["Transcripts"]),
        tests(of: "PahoConversion", ["Configuration", "GatewayCore", "PahoConversion"]),
        tests(of: "SensorClient", ["Bytes", "Time", "MQTTSN", "SensorClient"]),
        tests(of: "TraceFile", ["Time", "GatewayCore", "TraceFile"]),
        tests(of: "JSON", ["JSON"]),
        tests(of: "Journal", ["Bytes", "Journal"]),
        tests(
            of: "Describe", ["Bytes", "Time", "MQTTSN", "MQTT", "GatewayCore", "TraceFile", "JSON", "Describe"]),
        tests(of: "ControlClient", ["JSON", "ControlClient"]),
        tests(of: "Transports", ["CLinux", "Transports", "SimulatorSupport"]),
        tests(of: "Configuration", ["GatewayCore", "Configuration"]),
        tests(
            of: "GatewaySimulator",
            [
                "Bytes", "Time", "MQTTSN", "MQTT", "LinkFraming", "GatewayCore", "TraceFile", "GatewaySimulator",
                "Describe", "Transports",
            ]),
        tests(
            of: "GatewayHost",
            [
                "Bytes", "Time", "MQTTSN", "MQTT", "LinkFraming", "GatewayCore", "GatewayHost", "TraceFile",
                "Transports", "Configuration", "GatewaySimulator", "SimulatorSupport", "HTTP", "WebSocket", "Journal",
            ]),
        tests(of: "Tidy", []),
    ],
    swiftLanguageModes: [.v6]
)

if let testedModules { package.targets.removeAll { $0.type == .test && !testedModules.contains($0.name) } }
