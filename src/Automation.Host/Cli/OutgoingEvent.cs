using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
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
        var (body, type) = Sample switch
        {
            null => (File!, ContentType),
            { Form: { } form } => (Encoding.UTF8.GetBytes(form), "application/x-www-form-urlencoded"),
            _ when AsIs => (Encoding.UTF8.GetBytes(Sample.Body.GetRawText()), "application/json"),
            _ => (FreshSample.Make(Preset!, Sample.Body, now), "application/json"),
        };
        var headers = new Dictionary<string, string>(Sample?.Headers ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.OrdinalIgnoreCase);
        if (!AsIs && Preset is not null)
        {
            // The delivery's own id, where repeated deliveries are known by it.
            foreach (var id in headers.Keys.Where(h => Preset.Dedupe.Key.Any(k => k.Contains("{header:" + h, StringComparison.OrdinalIgnoreCase))).ToList())
                headers[id] = $"{headers[id]}-{Guid.CreateVersion7(now):N}";
        }

        if (Secret is { Length: > 0 } secret && Preset is not null)
        {
            body = WithBodyToken(body, secret);
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

    /// <summary>The token that some senders write into the body.</summary>
    private byte[] WithBodyToken(byte[] body, string secret)
    {
        var scheme = Preset!.Verification.FirstOrDefault(s => Scheme is null || s.Name == Scheme);
        if (scheme is not { Kind: "body-token" } || AsIs || Sample is null || JsonNode.Parse(body) is not JsonObject root)
            return body;
        var owner = root;
        var parts = scheme.Path.Split('.');
        foreach (var part in parts[..^1])
            owner = owner[part] as JsonObject ?? (JsonObject)(owner[part] = new JsonObject());
        owner[parts[^1]] = secret;
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }
}
