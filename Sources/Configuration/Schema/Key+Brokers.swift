import GatewayCore

// The key that names the brokers.

extension Key where Target == Settings {
    /// One URL, or a list of them in the order of preference.
    static func brokers(_ path: String, _ reason: String) -> Key {
        let limit = UpstreamConfiguration.maximumBrokerCount
        let summary = "mqtt[s]://HOST[:PORT] or ws[s]://HOST[:PORT][/PATH], or a list of up to \(limit)"
        return Key(
            path: path, summary: summary, expectation: "text of the form \(summary)", reason: reason,
            write: { (value, target) throws(KeyFailure) in
                let endpoints: [BrokerEndpoint]
                switch value {
                case .string(let text):
                    switch EndpointParser.broker(text) {
                    case .success(let endpoint): endpoints = [endpoint]
                    case .failure(let error): throw .wrong(error.message)
                    }
                case .array(let elements):
                    guard 1...limit ~= elements.count else { throw .mismatch(found: "\(elements.count) elements") }
                    endpoints = try brokerEndpoints(in: elements)
                case .integer, .float, .boolean, .table, .tables: throw .mismatch(found: value.found)
                }
                target.choose(endpoints)
            },
            read: { target in
                let names = target.host.brokers.map { tomlString($0.name) }
                return names.count == 1 ? names[0] : "[" + names.joined(separator: ", ") + "]"
            })
    }
}

extension Settings {
    /// Connections go to these, of which there is at least one.
    package mutating func choose(_ brokers: [BrokerEndpoint]) {
        guard let first = brokers.first else { return }
        (host.broker, host.otherBrokers) = (first, Array(brokers.dropFirst()))
        gateway.upstream.brokerCount = UInt8(clamping: brokers.count)
    }
}

/// All of them, or what is wrong with each, and whether one comes again.
private func brokerEndpoints(in elements: [TOMLElement]) throws(KeyFailure) -> [BrokerEndpoint] {
    var found: [BrokerEndpoint] = []
    var errors: [SourceError] = []
    for element in elements {
        guard case .string(let text) = element.value else {
            errors.append(SourceError(offset: element.offset, message: "must be text; found \(element.value.found)"))
            continue
        }
        switch EndpointParser.broker(text) {
        case .success(let endpoint):
            if found.contains(endpoint) {
                errors.append(
                    SourceError(offset: element.offset, message: "must not come again; found \(endpoint.name)"))
            }
            found.append(endpoint)
        case .failure(let error): errors.append(SourceError(offset: element.offset, message: error.message))
        }
    }
    guard errors.isEmpty else { throw .wrongElements(errors) }
    return found
}
