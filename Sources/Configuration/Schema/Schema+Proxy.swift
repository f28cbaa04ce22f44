// The keys of `[proxy]`.

extension Schema {
    static let proxy: [Key<Settings>] = [
        .endpoint(
            "proxy.url", "http://HOST:PORT", parse: EndpointParser.proxy,
            write: { $1.host.proxy.endpoint = $0 }, read: { $0.host.proxy.endpoint?.name },
            "HTTP proxy through which the broker is reached (CONNECT); it resolves the name in broker.url by itself."
        ).atStart,
        .optionalText(
            "proxy.username", \.host.proxy.username, 1...1_024,
            "Whom the proxy is told that asks (Basic), or \"env:NAME\" or \"file:PATH\"; unset, nobody."
        ).elsewhere,
        .optionalText(
            "proxy.password", \.host.proxy.password, 0...1_024,
            "What goes with that user name, or \"env:NAME\" or \"file:PATH\"."
        ).secret,
    ]
}

extension SettingsBuilder {
    mutating func checkProxy() {
        let proxy = settings.host.proxy
        for (key, needed, isThere) in [
            ("proxy.username", "proxy.url", proxy.endpoint != nil),
            ("proxy.password", "proxy.username", proxy.username != nil),
        ] {
            guard let offset = seen.offset(of: key), !isThere, !seen.isWrong(needed) else { continue }
            report(offset, "\(quoted(key)) needs \(quoted(needed))")
        }
        if let offset = seen.offset(of: "proxy.username"), proxy.username?.contains(UInt8(ascii: ":")) == true {
            report(offset, "'proxy.username' must not hold a colon (RFC 7617 section 2)")
        }
        // It is an interface of this machine, and the proxy has its own.
        if let offset = seen.offset(of: "proxy.url"), settings.host.brokers.contains(where: { $0.host.contains("%") }) {
            report(offset, "'proxy.url' cannot lead to a broker.url that names an interface of this machine ('%')")
        }
    }
}
