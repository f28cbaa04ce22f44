/// Metrics as Prometheus reads them: the text format 0.0.4, or OpenMetrics 1.0.
struct MetricsText {
    enum Kind: String {
        case counter, gauge, histogram
        /// Facts as labels of a 1; its samples end in `_info`.
        case info
    }

    private(set) var bytes: [UInt8] = []
    private let isOpenMetrics: Bool
    /// The family that is being written.
    private var name = ""

    init(openMetrics: Bool) { isOpenMetrics = openMetrics }

    /// Begins a family; what follows are its samples. `name` is without `_total` and `_info`.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        let suffix =
            switch kind {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram: ""
            }
        self.name = name + suffix
        let family = isOpenMetrics ? name : self.name
        let type = kind == .info && !isOpenMetrics ? Kind.gauge : kind
        write("# HELP \(family) \(help)\n# TYPE \(family) \(type.rawValue)\n")
    }

    mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: String) {
        writeSample(labels.map { ($0.key, $0.value) }, value)
    }

    private mutating func writeSample(_ labels: [(key: String, value: String)], _ value: String) {
        write(name + Self.text(labels) + " " + value + "\n")
    }

    mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: UInt64) {
        sample(labels, String(value))
    }

    mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Int) { sample(labels, String(value)) }

    /// A family of one sample without labels.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: String) {
        begin(name, kind, help)
        sample([:], value)
    }

    /// The samples of a histogram with one label.
    mutating func histogram(_ label: String, _ value: String, _ histogram: Histogram) {
        let family = name
        defer { name = family }
        var count: UInt64 = 0
        name = family + "_bucket"
        for (index, bound) in Histogram.bounds.enumerated() {
            count += histogram.counts[index]
            // OpenMetrics wants numbers with a point.
            let isWhole = isOpenMetrics && !bound.seconds.contains(".")
            writeSample([(label, value), ("le", bound.seconds + (isWhole ? ".0" : ""))], String(count))
        }
        writeSample([(label, value), ("le", "+Inf")], String(histogram.count))
        name = family + "_sum"
        writeSample([(label, value)], "\(histogram.sum)")
        name = family + "_count"
        writeSample([(label, value)], String(histogram.count))
    }

    mutating func end() {
        if isOpenMetrics { write("# EOF\n") }
    }

    private static func text(_ labels: [(key: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        return "{" + labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n", "\r\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    private mutating func write(_ text: String) { bytes += text.utf8 }
}
