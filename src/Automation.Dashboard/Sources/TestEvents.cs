using System.Net.Http.Headers;
using System.Text;
using Automation.Intake.Sources;
using Automation.Intake.Verification;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Dashboard.Sources;

/// <summary>What came of a test event.</summary>
/// <param name="Status">HTTP status of the answer; 0 where it could not be sent.</param>
/// <param name="Text">The answer, or why it could not be sent.</param>
internal sealed record TestAnswer(int Status, string Text);

/// <summary>Sends samples to this server's own webhooks, signed as their sender would, so that a test takes the whole way in.</summary>
internal sealed class TestEvents(SourceCatalog sources, IServer server, TimeProvider clock)
{
    // To this server itself, never beyond: no proxy, no redirects.
    private static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    }) { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Sends a sample with new ids and times.</summary>
    /// <returns>Null where there is no such source or sample.</returns>
    public async Task<TestAnswer?> SendAsync(string source, string sampleName, CancellationToken cancellationToken)
    {
        if (sources.All.FirstOrDefault(s => s.Slug == source) is not { } info || !sources.Presets.All.TryGetValue(info.Preset, out var preset)
            || preset.Samples.FirstOrDefault(s => s.Name == sampleName) is not { } sample)
            return null;
        if (OwnAddress() is not { } address)
            return new TestAnswer(0, "This server listens on no address that it could send to.");
        var settings = sources.Settings(source)!;
        var now = clock.GetUtcNow();
        var (body, type) = FreshSample.Make(preset, sample, now);
        if (settings is { Secrets: [var written, ..], Signature: null })
            body = RequestSigner.WithToken(preset, body, written, settings.Scheme);
        var url = new Uri(address, "/webhooks/" + Uri.EscapeDataString(source) + (settings.UrlSecrets is [var secret, ..] ? "/" + Uri.EscapeDataString(secret) : ""));
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } } };
        foreach (var (name, value) in FreshSample.Headers(preset, sample, now))
            request.Headers.TryAddWithoutValidation(name, value);
        if (settings.HeaderToken is { Values: [var token, ..] } header)
            request.Headers.TryAddWithoutValidation(header.Name, header.Prefix + token);
        if (settings.Secrets is [var signing, ..])
        {
            try
            {
                foreach (var (name, value) in RequestSigner.Sign(preset, new RequestToSign(body, signing, now, settings.Scheme, settings.User, url.AbsoluteUri, type) { Own = settings.Signature }))
                {
                    request.Headers.Remove(name);
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }
            catch (NotSupportedException e)
            {
                return new TestAnswer(0, e.Message);
            }
        }

        try
        {
            using var answer = await Client.SendAsync(request, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return new TestAnswer((int)answer.StatusCode, text.Length > 600 ? text[..600] : text);
        }
        catch (HttpRequestException e)
        {
            return new TestAnswer(0, e.Message);
        }
    }

    private Uri? OwnAddress()
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var text in addresses.OrderBy(a => a.StartsWith("https", StringComparison.OrdinalIgnoreCase)))
        {
            if (Uri.TryCreate(text.Replace("//+", "//127.0.0.1", StringComparison.Ordinal).Replace("//*", "//127.0.0.1", StringComparison.Ordinal), UriKind.Absolute, out var address))
                return address.Host is "0.0.0.0" or "[::]" ? new UriBuilder(address) { Host = "127.0.0.1" }.Uri : address;
        }

        return null;
    }
}
