using System.Globalization;
using System.Net;
using Automation.Intake.Identification;
using Automation.Intake.Replies;
using Automation.Intake.Verification;

namespace Automation.Intake.Sources;

/// <summary>Compiles one source from its settings and its preset, and says what is wrong with them.</summary>
internal sealed class SourceBuilder(string slug, SourceOptions options, IntakeOptions intake, PresetCatalog presets, List<string> errors)
{
    private static readonly TimeSpan DefaultKeyWindow = TimeSpan.FromDays(7);
    private static readonly TimeSpan DefaultHashWindow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultTolerance = TimeSpan.FromMinutes(5);
    private static readonly string[] BodyHash = ["{body|sha256}"];

    /// <summary>Its version, where somebody made it; 0 for one of the configuration.</summary>
    public long Version { get; init; }

    /// <summary>The source; null where errors were found.</summary>
    public Source? Build()
    {
        var before = errors.Count;
        if (slug.Length is 0 or > 64 || !slug.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            errors.Add($"Automation:Intake:Sources: the slug \"{slug}\" must be 1 to 64 letters, digits, '-', '_' or '.'.");
        var presetName = options.Preset ?? slug;
        if (!presets.All.TryGetValue(presetName, out var preset))
        {
            Wrong("Preset", presetName, string.Join(", ", presets.All.Keys.Order(StringComparer.Ordinal)));
            return null;
        }

        Range("MaxBodyBytes", options.MaxBodyBytes, 1024, 256 * 1024 * 1024);
        Range("MaxConcurrentRequests", options.MaxConcurrentRequests, 1, 100_000);
        Range("RateLimit", options.RateLimit, 1, 1_000_000);
        Range("RateWindow", options.RateWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range("DedupeWindow", options.DedupeWindow, TimeSpan.FromSeconds(1), TimeSpan.FromDays(90));
        Range("Reply:Deadline", options.Reply?.Deadline, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5));
        Range("Reply:FallbackStatus", options.Reply?.FallbackStatus, 200, 599);
        Range("Tolerance", options.Tolerance, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));

        var keys = One(options.DedupeKey) ?? preset.Dedupe.Key;
        var byHash = keys.Count == 0 || keys.SequenceEqual(BodyHash, StringComparer.Ordinal);
        var window = options.DedupeWindow ?? preset.Dedupe.Window ?? (byHash ? DefaultHashWindow : DefaultKeyWindow);
        var identifier = Try("Type, Correlation, DedupeKey or Time", () => new Identifier(
            One(options.Type) ?? preset.Type,
            One(options.Correlation) ?? preset.Correlation,
            byHash ? BodyHash : keys,
            One(options.Time) ?? preset.Time));
        var challenge = preset.Challenge is null ? null : Try("Preset", () => new Challenge(preset.Challenge, options.VerifyTokens));
        var reply = ReplyMode.IsWanted(preset.Reply, options.Reply) ? Try("Reply", () => ReplyMode.Create(preset.Reply, options.Reply, preset.Acknowledge)) : null;
        var required = Required();
        var anyOf = PresetSchemes(preset);
        var idToken = IdToken();
        if (idToken is not null)
            anyOf.Add(idToken);

        return errors.Count > before ? null : new Source
        {
            Slug = slug,
            Settings = options,
            Version = Version,
            Preset = preset,
            Open = options.Open,
            Required = required,
            AnyOf = anyOf,
            IdToken = idToken,
            Identifier = identifier!,
            KeyWindow = byHash ? DefaultHashWindow : window,
            HashWindow = byHash ? window : DefaultHashWindow,
            MaxBodyBytes = options.MaxBodyBytes ?? intake.MaxBodyBytes,
            Requests = options.MaxConcurrentRequests is { } most ? new RequestSlots(most) : null,
            RateLimit = options.RateLimit is { } permits ? new RateLimit(permits, options.RateWindow) : null,
            Acknowledgement = new Answer(preset.Acknowledge),
            Reply = reply,
            Challenge = challenge,
            SecretHeaders = SecretHeaders(preset),
        };
    }

    private List<Check> Required()
    {
        var checks = new List<Check>();
        if (options.AllowedIps.Count > 0)
        {
            var networks = new List<IPNetwork>();
            for (var i = 0; i < options.AllowedIps.Count; i++)
            {
                if (AllowedIpCheck.TryParse(options.AllowedIps[i], out var network))
                    networks.Add(network);
                else
                    Wrong($"AllowedIps:{i}", options.AllowedIps[i], "an address (203.0.113.7) or a network (203.0.113.0/24)");
            }

            checks.Add(new AllowedIpCheck(networks));
        }

        if (options.UrlSecrets.Count > 0)
        {
            for (var i = 0; i < options.UrlSecrets.Count; i++)
            {
                if (options.UrlSecrets[i].Length == 0 || options.UrlSecrets[i].Contains('/', StringComparison.Ordinal))
                    errors.Add($"{Key($"UrlSecrets:{i}")} must not be empty nor hold a slash.");
            }

            checks.Add(new UrlSecretCheck(options.UrlSecrets));
        }

        if (options.HeaderToken is { } token)
        {
            NotEmpty("HeaderToken:Values", token.Values);
            if (string.IsNullOrWhiteSpace(token.Name))
                Wrong("HeaderToken:Name", token.Name, "the name of a header");
            checks.Add(new HeaderTokenCheck("header-token", [token.Name], token.Prefix, token.Values));
        }

        return checks;
    }

    private List<Check> PresetSchemes(Preset preset)
    {
        var schemes = options.Signature is { } own ? [Scheme(own)] : preset.Verification;
        if (options.Scheme is { } wanted)
        {
            schemes = [.. schemes.Where(s => s.Name == wanted)];
            if (schemes.Count == 0)
                Wrong("Scheme", wanted, string.Join(", ", preset.Verification.Select(s => s.Name)));
        }

        if (options.Secrets.Count == 0)
        {
            if (options.Signature is not null)
                errors.Add($"{Key("Secrets")} is empty; Signature needs at least one secret.");
            return [];
        }

        NotEmpty("Secrets", options.Secrets);
        if (schemes.Count == 0 && options.Scheme is null)
            errors.Add($"{Key("Secrets")} is set, but the preset {preset.Name} has no scheme that uses secrets; set HeaderToken, UrlSecrets or Signature.");
        var checks = schemes.Select(Compile).OfType<Check>().ToList();
        if (checks.Count == 0 && schemes.Count > 0)
            errors.Add($"{Key("Secrets")} fits none of the preset's schemes: {string.Join(", ", schemes.Select(s => s.Name))}.");
        return checks;
    }

    private IdTokenCheck? IdToken()
    {
        if (options.IdToken is not { } token)
            return null;
        NotEmpty("IdToken:Audiences", token.Audiences);
        NotEmpty("IdToken:Emails", token.Emails);
        if (!Uri.TryCreate(token.Authority, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
        {
            Wrong("IdToken:Authority", token.Authority, "an https address");
            return null;
        }

        if (options.Scheme is not null)
            errors.Add($"{Key("Scheme")} is \"{options.Scheme}\", so no ID token would do; leave out one of Scheme and IdToken.");
        return new IdTokenCheck(token, options.Tolerance ?? DefaultTolerance, new IdTokenKeys(token.Authority));
    }

    private Check? Compile(VerificationScheme scheme)
    {
        switch (scheme.Kind)
        {
            case "token":
                return new HeaderTokenCheck(scheme.Name, scheme.Headers, scheme.Prefix, options.Secrets);
            case "body-token":
                return new BodyTokenCheck(scheme.Name, scheme.Path, options.Secrets);
            case "basic":
                return options.User is { Length: > 0 } user ? new BasicCheck(scheme.Name, user, options.Secrets) : null;
            default:
                var keys = new List<byte[]>();
                for (var i = 0; i < options.Secrets.Count; i++)
                {
                    try
                    {
                        if (SignatureCheck.Key(scheme, options.Secrets[i]) is { Length: > 0 } key)
                            keys.Add(key);
                    }
                    catch (FormatException e)
                    {
                        // Where other schemes are at hand, the secret may be meant for one of them.
                        if (options.Scheme is not null || options.Signature is not null || options.Secrets.Count == 1)
                            errors.Add($"{Key($"Secrets:{i}")} is not {scheme.SecretEncoding} as the scheme {scheme.Name} wants it: {e.Message}");
                    }
                }

                return keys.Count == 0 ? null : Try("Signature", () => new SignatureCheck(scheme, keys, options.Tolerance));
        }
    }

    private VerificationScheme Scheme(SignatureOptions s)
    {
        OneOf("Signature:Kind", s.Kind, "hmac", "ed25519");
        var scheme = s.ToScheme();
        foreach (var fault in SchemeCheck.Faults(scheme).Where(f => f.Member != "kind"))
            Wrong($"Signature:{(fault.Member == "headers" ? "Header" : char.ToUpperInvariant(fault.Member[0]) + fault.Member[1..])}", fault.Value, fault.Wanted);
        return scheme;
    }

    private HashSet<string> SecretHeaders(Preset preset)
    {
        var headers = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var scheme in preset.Verification.Where(s => s.Kind == "token"))
            headers.UnionWith(scheme.Headers);
        if (options.HeaderToken is { } token)
            headers.Add(token.Name);
        return headers;
    }

    private static IReadOnlyList<string>? One(string? template) => template is null ? null : [template];

    private T? Try<T>(string key, Func<T> make)
        where T : class
    {
        try
        {
            return make();
        }
        catch (FormatException e)
        {
            errors.Add($"{Key(key)}: {e.Message}");
            return null;
        }
    }

    private void NotEmpty(string key, List<string> values)
    {
        if (values.Count == 0)
            errors.Add($"{Key(key)} needs at least one value.");
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].Length == 0)
                errors.Add($"{Key($"{key}:{i}")} must not be empty.");
        }
    }

    private void OneOf(string key, string value, params string[] allowed)
    {
        if (!allowed.Contains(value, StringComparer.Ordinal))
            Wrong(key, value, string.Join(", ", allowed));
    }

    private void Range<T>(string key, T? value, T least, T most)
        where T : struct, IComparable<T>
    {
        if (value is { } v && (v.CompareTo(least) < 0 || v.CompareTo(most) > 0))
            Wrong(key, string.Create(CultureInfo.InvariantCulture, $"{v}"), string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"));
    }

    private void Wrong(string key, string value, string allowed) => errors.Add($"{Key(key)} is \"{value}\"; allowed: {allowed}.");

    private string Key(string key) => $"Automation:Intake:Sources:{slug}:{key}";
}
