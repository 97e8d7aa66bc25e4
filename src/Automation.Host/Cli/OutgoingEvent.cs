using System.Net.Http.Headers;
using System.Text;
using Automation.Intake.Sources;
using Automation.Intake.Verification;
using Automation.Steps.Deliveries;

namespace Automation.Host.Cli;

/// <summary>What <c>send</c> posts: a sample or a file, with the headers and the proof that its sender would give.</summary>
internal sealed record OutgoingEvent
{
    public required Uri Address { get; init; }

    public required Preset? Preset { get; init; }

    public required SampleEvent? Sample { get; init; }

    /// <summary>The body in place of a sample.</summary>
    public required byte[]? File { get; init; }

    /// <summary>Content type of the file.</summary>
    public required string ContentType { get; init; }

    /// <summary>Whether the sample's ids and times stay as printed.</summary>
    public required bool AsIs { get; init; }

    /// <summary>Whether the file's ids and times are made new each time.</summary>
    public required bool FreshIds { get; init; }

    /// <summary>The source's secret; null to sign nothing.</summary>
    public required string? Secret { get; init; }

    public required string? Scheme { get; init; }

    public required string? User { get; init; }

    /// <summary>Further headers, "Name: value"; they win over the others.</summary>
    public required string[] Headers { get; init; }

    /// <summary>The request as it is sent at a time.</summary>
    /// <exception cref="CommandException">A header is none, or it cannot be signed.</exception>
    public HttpRequestMessage ToRequest(DateTimeOffset now)
    {
        var (body, type, headers) = Content(now);
        if (Secret is { Length: > 0 } secret && Preset is not null)
        {
            if (Sample is not null && !AsIs)
                body = RequestSigner.WithToken(Preset, body, secret, Scheme);
            foreach (var (name, value) in Sign(body, secret, now, type))
                headers[name] = value;
        }

        foreach (var line in Headers)
        {
            if (line.Split(':', 2) is not [var name, var value])
                throw new CommandException(Exit.Misused, $"\"{line}\" is not a header; \"Name: value\" is wanted.");
            headers[name.Trim()] = value.Trim();
        }

        var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (name, value) in headers)
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(value, out var given) ? given : throw new CommandException(Exit.Misused, $"\"{value}\" is not a content type.");
            else if (!request.Headers.TryAddWithoutValidation(name, value) && !request.Content.Headers.TryAddWithoutValidation(name, value))
                throw new CommandException(Exit.Misused, $"\"{name}\" is not the name of a header.");
        }

        return request;
    }

    private (byte[] Body, string Type, Dictionary<string, string> Headers) Content(DateTimeOffset now)
    {
        if (Sample is null)
            return FreshIds ? FreshFile(now) : (File!, ContentType, None());
        if (!AsIs)
        {
            var (body, type) = FreshSample.Make(Preset!, Sample, now);
            return (body, type, FreshSample.Headers(Preset!, Sample, now));
        }

        var headers = new Dictionary<string, string>(Sample.Headers ?? None(), StringComparer.OrdinalIgnoreCase);
        return Sample.Form is { } form
            ? (Encoding.UTF8.GetBytes(form), "application/x-www-form-urlencoded", headers)
            : (Encoding.UTF8.GetBytes(Sample.Body.GetRawText()), "application/json", headers);
    }

    /// <summary>The file as a new event: new ids and times where the preset has them, and a new id of the delivery where it has a header for that.</summary>
    private (byte[] Body, string Type, Dictionary<string, string> Headers) FreshFile(DateTimeOffset now)
    {
        var body = FreshSample.Make(Preset!, File!, ContentType, now);
        var headers = None();
        // One that is given stays what it is.
        if (FreshSample.IdHeaders(Preset!) is [var id, ..] all && !all.Any(h => Headers.Any(line => line.StartsWith(h + ":", StringComparison.OrdinalIgnoreCase))))
            headers[id] = Guid.CreateVersion7(now).ToString();
        if (headers.Count == 0 && body is null)
            throw new CommandException(Exit.Misused, $"The file has none of the fields that {Preset!.Title} takes ids and times from, so nothing could be made new.");
        return (body ?? File!, ContentType, headers);
    }

    private static Dictionary<string, string> None() => new(StringComparer.OrdinalIgnoreCase);

    private IReadOnlyDictionary<string, string> Sign(byte[] body, string secret, DateTimeOffset now, string type)
    {
        try
        {
            return RequestSigner.Sign(Preset!, new RequestToSign(body, secret, now, Scheme, User, Address.AbsoluteUri, type) { Ed25519 = Ed25519Signer.Sign });
        }
        catch (Exception e) when (e is NotSupportedException or System.Security.Cryptography.CryptographicException)
        {
            throw new CommandException(Exit.Misused, e.Message);
        }
    }
}
