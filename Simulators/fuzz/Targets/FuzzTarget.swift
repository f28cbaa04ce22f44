package import GatewaySimulator

/// What can be fuzzed; the raw value is the name that `Simulators/fuzz/run` takes and that the corpora bear.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// One datagram, decoded and sent again.
    case mqttsnDecode = "MQTTSNDecode"
    /// A stream of the broker, cut into packets in several ways.
    case mqttDecoder = "MQTTDecoder"
    /// A configuration file.
    case toml = "TOML"
    /// The core among clients, a broker and a host that do what an operation script says.
    case core = "Core"

    /// What is wrong with what becomes of `bytes`, in words; nil when nothing is.
    ///
    /// - Parameters:
    ///   - bytes: What a fuzzer or a corpus brings; anything.
    ///   - inspect: What is looked at inside the core, for `core`.
    package func fault(in bytes: RawSpan, inspect: GatewayInspection) -> String? {
        switch self {
        case .mqttsnDecode: faultOfDatagram(bytes)
        case .mqttDecoder: faultOfStream(bytes)
        case .toml: faultOfConfiguration(bytes)
        case .core: OperationScript.fault(in: bytes, inspect: inspect)
        }
    }
}
