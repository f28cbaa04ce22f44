import Configuration

/// Turns the configuration of the Eclipse Paho MQTT-SN gateway into one of Swiftlet.
package struct PahoConversion {
    /// What the Paho gateway was built for (`build.sh udp`); its file does not tell.
    package enum Link: String, CaseIterable, Sendable { case udp, udp6, xbee }

    /// TOML that `SettingsReader` accepts, with a comment for what has no counterpart.
    package private(set) var toml = ""
    /// How many settings have none, or could not be read.
    package private(set) var unconvertedCount = 0
    /// Whether there was any key that decides something.
    package private(set) var hasFoundAnything = false

    private var values: [String: String] = [:]
    private let link: Link
    private let topics: [[String]]
    private let clients: [[String]]

    /// Converts the text of `gateway.conf` with those of `predefinedTopic.conf` and `clients.conf`, in any order, of a
    /// gateway that was built for `link`.
    package init(gateway: String, others: [String], link: Link) {
        self.link = link
        let records = others.map(PahoFile.records)
        topics = records.filter(Self.holdsTopics).flatMap(\.self)
        clients = records.filter { !Self.holdsTopics($0) }.flatMap(\.self)
        let settings = PahoFile.settings(gateway)
        // The Paho gateway takes the first line that has the key.
        for (key, value) in settings where values[key] == nil { values[key] = value }
        toml = "# Made from the configuration of a Paho MQTT-SN gateway built for \(link.rawValue).\n"
        writeGateway()
        writeBroker()
        writeClients()
        switch link {
        case .udp: writeUDP()
        case .udp6: writeUDP6()
        case .xbee: writeXBee()
        }
        writeTopics()
        writeRest(settings.map(\.key))
    }

    /// `ClientId, TopicName, TopicID` rather than `ClientId, address, words`.
    private static func holdsTopics(_ records: [[String]]) -> Bool {
        records.first.map { $0.count >= 3 && Int($0[2]) != nil } ?? true
    }

    // MARK: Writing

    private mutating func section(_ name: String) { toml += "\n\(name)\n" }

    private mutating func line(_ key: String, _ value: String, from names: String) {
        toml += "\(key) = \(value)  # \(Self.oneLine(names))\n"
    }

    /// Says of a setting that has no counterpart what takes its place.
    private mutating func note(_ setting: String, _ reason: String) {
        unconvertedCount += 1
        toml += "# no counterpart: \(Self.oneLine(setting)): \(Self.oneLine(reason))\n"
    }

    /// A comment ends with its line, and holds no control characters (TOML 1.0).
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }

    /// The value of `key`, which is then dealt with.
    private mutating func take(_ key: String) -> String? {
        guard let value = values.removeValue(forKey: key) else { return nil }
        hasFoundAnything = true
        return value
    }

    /// Whether `key` says YES; nil where it is not there.
    private mutating func takeSwitch(_ key: String) -> Bool? { take(key).map { $0.uppercased() == "YES" } }

    /// A number within `range`; another value is noted.
    private mutating func takeNumber(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = take(key) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            note("\(key)=\(text)", "it is no number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    // MARK: Sections

    private mutating func writeGateway() {
        section("[gateway]")
        if let id = takeNumber("GatewayID", 0...255) { line("id", "\(id)", from: "GatewayID") }
        switch takeSwitch("QoS-1") {
        case true?:
            line("qos_minus_one", "\"on\"", from: "QoS-1")
            toml += "# Paho knows QoS -1 clients by their addresses; here everybody who reaches the gateway may.\n"
        case false?: line("qos_minus_one", "\"off\"", from: "QoS-1")
        case nil: break
        }
        // Its own client library sends this Length.
        toml += "lenient = true  # what clients with the Paho library may need\n"
    }

    private mutating func writeBroker() {
        section("[broker]")
        let name = take("BrokerName") ?? "127.0.0.1"
        let port = takeNumber("BrokerPortNo", 1...65_535) ?? 1_883
        let host = name.contains(":") ? "[\(name)]" : name
        let url = "mqtt://\(host):\(port)"
        switch EndpointParser.broker(url) {
        case .success: line("url", tomlString(url), from: "BrokerName, BrokerPortNo")
        case .failure(let error): note("BrokerName=\(name)", error.message)
        }
        let user = take("LoginID")
        if let user, !user.isEmpty, user.utf8.count <= 65_535, !user.utf8.contains(0) {
            line("username", tomlString(user), from: "LoginID")
            if let password = take("Password"), password.utf8.count <= 65_535, !password.utf8.contains(0) {
                line("password", tomlString(password), from: "Password")
            }
        } else if take("Password") != nil {
            note("Password", "it needs a LoginID")
        }
        if let seconds = takeNumber("KeepAlive", 1...65_535) {
            line("keep_alive_seconds", "\(seconds)", from: "KeepAlive")
            toml += "# Paho advertises at that interval too; here it is discovery.advertise_interval_seconds.\n"
        }
    }

    private mutating func writeClients() {
        section("[clients]")
        if let maximum = takeNumber("MaxNumberOfClients", 1...1_000_000) {
            line("maximum", "\(maximum)", from: "MaxNumberOfClients")
        }
        let names = (clients + topics).compactMap(\.first)
        let longest = names.map(\.utf8.count).max() ?? 0
        if longest > 23, longest <= 1_024 { line("id_bytes", "\(longest)", from: "the longest ClientId of the lists") }
        if takeSwitch("ClientAuthentication") == true {
            note("ClientAuthentication=YES", "there is no list of allowed clients; a firewall must keep strangers out")
        }
        _ = take("ClientsList")
        for record in clients where record.contains("secureConnection") {
            note("\(record[0]) secureConnection", "TLS is for all clients or for none: write mqtts:// into broker.url")
        }
    }

    /// The addresses of the clients that are forwarders, without their ports, each once.
    private func forwarderAddresses() -> [String] {
        var found: [String] = []
        for record in clients where record.dropFirst(2).contains("forwarder") && record.count > 1 {
            let address = record[1]
            let colons = address.count { $0 == ":" }
            let host = colons == 1 ? String(address.prefix { $0 != ":" }) : address
            if !found.contains(host) { found.append(host) }
        }
        return found
    }

    /// The `forwarders` of a listener whose addresses are those of one family.
    private mutating func writeForwarders(ofIPv6 isIPv6: Bool) {
        guard takeSwitch("Forwarder") == true else { return }
        let hosts = forwarderAddresses().filter { host in
            guard case .success(.address) = EndpointParser.forwarder(host) else { return false }
            return host.contains(":") == isIPv6
        }
        guard !hosts.isEmpty else {
            return note("Forwarder=YES", "clients.conf names none: write their addresses into forwarders = []")
        }
        let list = hosts.prefix(UDPListener.maximumForwarderCount).map(tomlString).joined(separator: ", ")
        line("forwarders", "[\(list)]", from: "Forwarder, clients.conf")
    }

    private mutating func writeUDP() {
        section("[[udp]]")
        let port = takeNumber("GatewayPortNo", 1...65_535) ?? 10_000
        line("listen", "\"udp://0.0.0.0:\(port)\"", from: "GatewayPortNo")
        if let host = take("MulticastIP") {
            let groupPort = takeNumber("MulticastPortNo", 1...65_535) ?? 1_883
            writeGroup("udp://\(host):\(groupPort)", from: "MulticastIP, MulticastPortNo", isIPv6: false)
        }
        if let hops = take("MulticastTTL"), hops != "1" {
            note("MulticastTTL=\(hops)", "groups are reached with a TTL of 1")
        }
        writeForwarders(ofIPv6: false)
    }

    private mutating func writeUDP6() {
        section("[[udp]]")
        let port = takeNumber("GatewayIPv6PortNo", 1...65_535) ?? 10_000
        line("listen", "\"udp://[::]:\(port)\"", from: "GatewayIPv6PortNo")
        let interface = take("MulticastIPv6If")
        if let host = take("MulticastIPv6") {
            let groupPort = takeNumber("MulticastIPv6PortNo", 1...65_535) ?? 1_883
            if let interface, case .success = EndpointParser.interface(interface) {
                line("interface", tomlString(interface), from: "MulticastIPv6If")
            }
            writeGroup("udp://[\(host)]:\(groupPort)", from: "MulticastIPv6, MulticastIPv6PortNo", isIPv6: true)
        }
        if let hops = take("MulticastHops"), hops != "1" {
            note("MulticastHops=\(hops)", "groups are reached with a hop limit of 1")
        }
        writeForwarders(ofIPv6: true)
    }

    private mutating func writeGroup(_ url: String, from names: String, isIPv6: Bool) {
        switch EndpointParser.group(url) {
        case .success(let group) where group.host.contains(":") == isIPv6:
            // A group of one link needs its interface, which only the owner can name.
            guard !Self.isOfOneInterface(group) || toml.hasSuffix("# MulticastIPv6If\n") else {
                return note(url, "the group needs 'interface', as in interface = \"eth0\"")
            }
            line("groups", "[\(tomlString(url))]", from: names)
        case .success: note(url, "it is of the other IP version than the listener")
        case .failure(let error): note(url, "a group \(error.message)")
        }
    }

    /// Interface-local and link-local groups (RFC 4291 §2.7).
    private static func isOfOneInterface(_ group: UDPGroup) -> Bool {
        group.host.contains(":") && "12".contains(group.host.dropFirst(3).first ?? "0")
    }

    private mutating func writeXBee() {
        guard let device = take("SerialDevice"), case .success = EndpointParser.device(device) else {
            section("[[udp]]")
            toml += "listen = \"udp://127.0.0.1:1884\"\n"
            return note("SerialDevice", "it names no device; this listener stands here until a [[serial]] does")
        }
        section("[[serial]]")
        line("device", tomlString(device), from: "SerialDevice")
        if let speed = takeNumber("Baudrate", 1...4_000_000) {
            if SerialPort.possibleSpeeds.contains(speed) {
                line("speed", "\(speed)", from: "Baudrate")
            } else {
                note("Baudrate=\(speed)", "no serial line runs at it")
            }
        }
        if let mode = takeNumber("ApiMode", 1...2) { line("api_mode", "\(mode)", from: "ApiMode") }
        if takeSwitch("Forwarder") == true { line("forwarding", "true", from: "Forwarder") }
    }

    private mutating func writeTopics() {
        let isOn = takeSwitch("PredefinedTopic") ?? true
        _ = take("PredefinedTopicList")
        guard isOn || topics.isEmpty else {
            return note("PredefinedTopic=NO", "the \(topics.count) topics of the list are left out as they are there")
        }
        let minusOne = clients.filter { $0.dropFirst(2).contains("QoS-1") }.map { $0[0] }
        var seen: Set<String> = []
        for record in topics {
            let text = record.joined(separator: ",")
            guard record.count >= 3, let id = UInt16(record[2]), 1...65_534 ~= id else {
                note(text, "a topic id is a number from 1 to 65534")
                continue
            }
            let (client, name) = (record[0], record[1])
            guard 1...65_535 ~= name.utf8.count, 1...1_024 ~= client.utf8.count,
                !name.contains("+"), !name.contains("#"), !name.utf8.contains(0), !client.utf8.contains(0)
            else {
                note(text, "a topic name has one octet at least, and no wildcard")
                continue
            }
            guard seen.insert("\(id) \(client)").inserted else {
                note(text, "the client has this id already")
                continue
            }
            section("[[topic]]")
            line("id", "\(id)", from: "PredefinedTopicList")
            toml += "name = \(tomlString(name))\n"
            if client != "*" { toml += "client = \(tomlString(client))\n" }
            if minusOne.contains(client) {
                note(
                    "\(client) QoS-1",
                    "publishes without a connection carry no ClientId; they need a topic without client")
            }
        }
    }

    /// What has not been dealt with, in the order of the file.
    private mutating func writeRest(_ keys: [String]) {
        let left = keys.filter { values[$0] != nil }
        if !left.isEmpty { toml += "\n" }
        for key in left {
            guard let value = values.removeValue(forKey: key) else { continue }
            if let reason = Self.reason(key, value, link) { note("\(key)=\(value)", reason) }
        }
    }

    /// Why `key` has no counterpart; nil where it says what holds anyway, or is for another kind of gateway.
    private static func reason(_ key: String, _ value: String, _ link: Link) -> String? {
        switch key {
        case "GatewayName": "the gateway needs no name; broker.shared_client_id is its name at the broker"
        case "BrokerSecurePortNo", "RootCAfile", "RootCApath", "CertsKey", "CertsFile", "CertKey", "PrivateKey":
            "for TLS write mqtts:// into broker.url, and the files of certificates below [tls]"
        case "AggregatingGateway", "AggregateGateway":
            value.uppercased() == "YES" ? "every client has a broker connection of its own" : nil
        case "DtlsCertsKey", "DtlsPrivKey": "there is no DTLS yet"
        case "BaudrateLoRaLink", "DeviceRxLoRaLink", "DeviceTxLoRaLink", "RFCOMMAddress":
            "there is no such link; a [[serial]] with another framing may take its place"
        case "ShearedMemory", "SharedMemory":
            value.uppercased() == "YES" ? "'swiftlet watch' shows what passes" : nil
        case "OoS-1ProxyName", "QoS-1ProxyName": "the gateway's own connection carries publishes at QoS -1"
        case "ForwardersList": "write their addresses into forwarders of the [[udp]]"
        case "GatewayPortNo", "MulticastIP", "MulticastPortNo", "MulticastTTL":
            link == .udp ? "it is not needed without the other keys of UDP" : nil
        case "GatewayIPv6PortNo", "MulticastIPv6", "MulticastIPv6PortNo", "MulticastIPv6If", "MulticastHops":
            link == .udp6 ? "it is not needed without the other keys of UDP over IPv6" : nil
        case "SerialDevice", "Baudrate", "ApiMode": nil
        case "Forwarder": nil
        default: "this key is not known"
        }
    }
}
