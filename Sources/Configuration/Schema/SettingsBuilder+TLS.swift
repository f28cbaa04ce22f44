// What the keys of `[tls]` must keep between them, and what has been found in their files.

extension SettingsBuilder {
    mutating func checkTLS() {
        let pair = ["tls.certificate_file", "tls.key_file"]
        for (key, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            guard let offset = seen.offset(of: key), seen.offset(of: other) == nil, !seen.isWrong(other) else {
                continue
            }
            report(offset, "\(quoted(key)) needs \(quoted(other))")
        }
        if let offset = seen.offset(of: "tls.key_passphrase"), settings.host.tls.keyFile == nil,
            !seen.isWrong("tls.key_file")
        {
            report(offset, "'tls.key_passphrase' needs 'tls.key_file'")
        }
        checkThatTLSIsWanted()
    }

    /// Who has written these keys takes the connection for protected.
    private mutating func checkThatTLSIsWanted() {
        guard !settings.host.isAnyBrokerEncrypted, !seen.isWrong("broker.url") else { return }
        let usual = Settings()
        for key in Schema.tls where key.read(settings) != key.read(usual) {
            guard let offset = seen.offset(of: key.path) else { continue }
            return report(
                offset,
                "\(quoted(key.path)) is for a broker.url that begins with mqtts:// or wss://; this one is without TLS")
        }
    }

    /// Puts what was found in the files to its places; nothing is looked for where a key is wrong already.
    mutating func inspectTLS(by inspect: (Settings) -> [TLSFinding]) {
        guard settings.host.isAnyBrokerEncrypted, !Schema.tls.contains(where: { seen.isWrong($0.path) }),
            settings.host.tls.certificateFile == nil || settings.host.tls.keyFile != nil
        else { return }
        for finding in inspect(settings) {
            let keys = finding.rule.map { clients[$0].seen } ?? seen
            let offset = keys.offset(of: finding.key) ?? seen.offset(of: "broker.url") ?? 0
            let message = "\(quoted(finding.key)) \(finding.message)"
            if finding.isWarning {
                warnings.append(SourceError(offset: offset, message: message))
            } else {
                report(offset, message)
            }
        }
    }
}
