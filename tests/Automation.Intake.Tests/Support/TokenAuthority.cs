using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Tests.Support;

/// <summary>An OpenID Connect authority over HTTP: publishes its keys, and signs tokens with the framework's RSA and nothing else.</summary>
internal sealed class TokenAuthority : IAsyncDisposable
{
    private readonly WebApplication _app;
    private RSA _key = RSA.Create(2048);
    private int _fetches;

    private TokenAuthority(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public string KeyId { get; private set; } = "first";

    /// <summary>Whether it answers.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>How often its keys were fetched.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public static async Task<TokenAuthority> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var authority = new TokenAuthority(builder.Build());
        authority._app.MapGet("/.well-known/openid-configuration", () => authority.IsUp
            ? Results.Text(new JsonObject { ["issuer"] = authority.Address, ["jwks_uri"] = authority.Address + "/keys" }.ToJsonString(), "application/json")
            : Results.StatusCode(500));
        authority._app.MapGet("/keys", authority.PublishedKeys);
        await authority._app.StartAsync();
        return authority;
    }

    /// <summary>A new key in place of the old one.</summary>
    public void Rotate(string keyId)
    {
        _key.Dispose();
        (_key, KeyId) = (RSA.Create(2048), keyId);
    }

    public string Sign(object claims, object? header = null) => Sign(Part(header ?? new { alg = "RS256", typ = "JWT", kid = KeyId }) + "." + Part(claims));

    /// <summary>A token whose HMAC is keyed with what is public of the key: the classic swap of algorithms.</summary>
    public string SignWithPublicKey(object claims)
    {
        var text = Part(new { alg = "HS256", typ = "JWT", kid = KeyId }) + "." + Part(claims);
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(text)));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private string Sign(string text) => text + "." + Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private IResult PublishedKeys()
    {
        Interlocked.Increment(ref _fetches);
        var parameters = _key.ExportParameters(false);
        var key = new JsonObject
        {
            ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = KeyId,
            ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent),
        };
        return Results.Text(new JsonObject { ["keys"] = new JsonArray(key) }.ToJsonString(), "application/json");
    }

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
