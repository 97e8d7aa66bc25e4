using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard.Access;

/// <summary>
/// Something that the next page says once: why a form was refused, or a new key. It travels in a cookie that only this server
/// can read, so that it works whichever node answers next.
/// </summary>
public static class Flash
{
    private const char Bad = '!';
    private const string Cookie = "automation-flash";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    /// <summary>Keeps a text for the next page, which shows whether it is bad news.</summary>
    public static void Set(HttpContext context, string text, bool isBad = false)
    {
        text = isBad ? Bad + text : text;
        var options = new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, MaxAge = Lifetime, IsEssential = true };
        context.Response.Cookies.Append(Cookie, Protector(context).Protect(text.Length > 2000 ? text[..2000] : text, Lifetime), options);
    }

    /// <summary>The text for this page; null where there is none. Afterwards it is gone.</summary>
    public static string? Take(HttpContext context) => Take(context, out _);

    /// <summary>The text for this page and whether it is bad news; null where there is none. Afterwards it is gone.</summary>
    public static string? Take(HttpContext context, out bool isBad)
    {
        var text = Read(context);
        isBad = text is [Bad, ..];
        return isBad ? text![1..] : text;
    }

    private static string? Read(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is not { Length: > 0 } kept)
            return null;
        if (!context.Response.HasStarted)
            context.Response.Cookies.Delete(Cookie);
        try
        {
            return Protector(context).Unprotect(kept);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            // Too old, or not ours.
            return null;
        }
    }

    private static ITimeLimitedDataProtector Protector(HttpContext context) =>
        context.RequestServices.GetRequiredService<IDataProtectionProvider>().CreateProtector("Automation.Dashboard.Flash").ToTimeLimitedDataProtector();
}
