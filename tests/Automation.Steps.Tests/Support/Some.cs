using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Tests.Support;

/// <summary>Makes the parts that tests need.</summary>
internal static class Some
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static OutgoingGuard Guard(params string[] allowed) => new(Options.Create(new OutgoingOptions { AllowedHosts = [.. allowed] }), new OwnServer());

    /// <summary>A guard for which names resolve as told; each call of a name takes the next answer, the last one stays.</summary>
    public static OutgoingGuard GuardWhere(Dictionary<string, string[][]> names, params string[] allowed)
    {
        var asked = new Dictionary<string, int>();
        return new OutgoingGuard(new OutgoingOptions { AllowedHosts = [.. allowed] }, new OwnServer(), (name, _) =>
        {
            var answers = names[name];
            asked[name] = asked.GetValueOrDefault(name) + 1;
            return Task.FromResult(answers[Math.Min(asked[name], answers.Length) - 1].Select(IPAddress.Parse).ToArray());
        });
    }

    public static HttpCaller Caller(TimeProvider? clock = null, HttpOptions? options = null, OutgoingOptions? outgoing = null, OutgoingGuard? guard = null, bool trusting = false)
    {
        outgoing ??= new OutgoingOptions { AllowedHosts = ["127.0.0.1", "localhost"] };
        var http = new OutgoingHttp(guard ?? new OutgoingGuard(Options.Create(outgoing), new OwnServer()), outgoing, trusting ? (_, _, _, _) => true : null);
        return new HttpCaller(http, Options.Create(options ?? new HttpOptions()), clock ?? TimeProvider.System);
    }

    public static X509Certificate2 Certificate(string name, DateTimeOffset? notAfter = null)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var end = notAfter ?? new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var made = request.CreateSelfSigned(end.AddYears(-80), end);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }
}
