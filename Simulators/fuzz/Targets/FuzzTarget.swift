package import GatewaySimulator

/// What can be fuzzed; the raw value is the name that `Simulators/fuzz/run` takes and that the corpora bear.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// One datagram, decoded and sent again.
    case mqttsnDecode = "MQTTSNDecode"
    /// A stream of the broker, cut into packets in several ways.
    case mqttDecoder = "MQTTDecoder"
    /// A configuration file.
    case toml = "TOML"
    /// A request of HTTP, cut in several ways.
    case http = "HTTP"
    /// What a server of WebSocket answers and sends, cut in several ways.
    case webSocket = "WebSocket"
    /// A serial line and the link on it.
    case serialLine = "SerialLine"
    /// A session record, brought back.
    case sessionRecord = "SessionRecord"
    /// The segments of a journal, read.
    case journal = "Journal"
    /// A datagram, a stream or a capture, told in words.
    case words = "Words"
    /// The core among clients, a broker and a host that do what an operation script says.
    case core = "Core"

    /// Lets the target do what it does with `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: What a fuzzer or a corpus brings; anything.
    ///   - inspect: What is looked at inside the core, for those that have one.
    /// - Returns: what is wrong with what becomes of them, in words; nil when nothing is.
    package func fault(in bytes: RawSpan, inspect: GatewayInspection) -> String? {
        switch self {
        case .mqttsnDecode: faultOfDatagram(bytes)
        case .mqttDecoder: faultOfStream(bytes)
        case .toml: faultOfConfiguration(bytes)
        case .http: faultOfHTTPRequest(bytes)
        case .webSocket: faultOfWebSocket(bytes)
        case .serialLine: faultOfSerialLine(bytes)
        case .sessionRecord: faultOfRecord(bytes, inspect: inspect)
        case .journal: faultOfJournal(bytes)
        case .words: faultOfWords(bytes)
        case .core: OperationScript.fault(in: bytes, inspect: inspect)
        }
    }
}
