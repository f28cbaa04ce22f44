/// Turns the octets of a configuration file into settings that are safe to use, or into everything wrong with them.
package enum SettingsReader {
    /// More errors than these are not reported.
    package static let maximumErrorCount = 100

    /// Reads a file that the caller has opened; `file` is its name for the errors.
    ///
    /// Secrets that the file only names are had from `secrets`; `inspectTLS` looks at the files that TLS needs.
    /// What is not TOML ends the reading at the first error; all errors in keys and values are reported together.
    package static func read(
        _ bytes: [UInt8], file: String, secrets: SecretSource = .none,
        inspectTLS: (Settings) -> [TLSFinding] = { _ in [] }
    ) -> Result<Settings, ConfigurationErrors> {
        func located(_ error: SourceError) -> ConfigurationError {
            let (line, column) = SourceText.position(at: error.offset, in: bytes)
            return ConfigurationError(file: file, line: line, column: column, message: error.message)
        }
        do throws(SourceError) {
            let text = try SourceText(bytes)
            var builder = SettingsBuilder(text: text, secrets: secrets)
            builder.fill(from: try TOMLParser.parse(text))
            builder.inspectTLS(by: inspectTLS)
            builder.settings.host.fileWarnings = builder.warnings.map(located)
            let errors = builder.errors.sorted { $0.offset < $1.offset }
            return errors.isEmpty
                ? .success(builder.settings) : .failure(ConfigurationErrors(errors: errors.map(located)))
        } catch {
            return .failure(ConfigurationErrors(errors: [located(error)]))
        }
    }
}
