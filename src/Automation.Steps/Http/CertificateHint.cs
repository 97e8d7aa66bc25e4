using System.Globalization;
using System.Net.Http;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Steps.Http;

/// <summary>What client certificates may have to do with a call that failed: servers hardly ever say it.</summary>
internal static class CertificateHint
{
    /// <summary>A sentence to add to the error; empty where there is nothing to say.</summary>
    /// <param name="exception">How the call failed.</param>
    /// <param name="shown">The certificate that this side showed, in PEM; null for none.</param>
    /// <param name="now">The time.</param>
    public static string For(Exception exception, string? shown, DateTimeOffset now)
    {
        var told = "";
        for (var e = exception; e is not null; e = e.InnerException)
            told += e.Message + "\n";
        if (shown is null)
        {
            return told.Contains("certificate required", StringComparison.OrdinalIgnoreCase)
                ? "The server wants a client certificate: ClientCertificate names the secret that holds it."
                : told.Contains("alert handshake failure", StringComparison.OrdinalIgnoreCase)
                    ? "It may be that the server wants a client certificate: ClientCertificate would name the secret that holds it."
                    : "";
        }

        // Where there was no connection at all, or its own certificate is the trouble, ours was never looked at.
        if (exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError }
            || told.Contains("remote certificate", StringComparison.OrdinalIgnoreCase))
        {
            return "";
        }

        try
        {
            using var certificate = X509Certificate2.CreateFromPem(shown);
            var (from, until) = (new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
            var when = until < now ? ", which is over" : from > now ? ", which is still to come" : "";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The server may not accept the client certificate: it is {certificate.Subject}, issued by {certificate.Issuer}, valid from {from:yyyy-MM-dd} to {until:yyyy-MM-dd}{when}.");
        }
        catch (CryptographicException)
        {
            return "";
        }
    }
}
