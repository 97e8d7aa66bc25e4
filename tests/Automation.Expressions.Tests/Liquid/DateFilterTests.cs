using System.Globalization;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class DateFilterTests
{
    [Theory]
    [InlineData("%Y-%m-%d %H:%M:%S", "2026-03-04 05:06:07")]
    [InlineData("%y %C %B %b %h %A %a", "26 20 March Mar Mar Wednesday Wed")]
    [InlineData("%e|%-d|%-m|%_m|%k|%-H|%l|%I|%-I", " 4|4|3| 3| 5|5| 5|05|5")]
    [InlineData("%p %P %#p %^a %^B", "AM am am WED MARCH")]
    [InlineData("%j %u %w %U %W %V %G %g", "063 3 3 09 09 10 2026 26")]
    [InlineData("%L %N %3N %6N", "089 089000000 089 089000")]
    [InlineData("%z %:z %::z %Z", "+0000 +00:00 +00:00:00 UTC")]
    [InlineData("%F %T %D %R %r %x %X", "2026-03-04 05:06:07 03/04/26 05:06 05:06:07 AM 03/04/26 05:06:07")]
    [InlineData("%c|%v|%+", "Wed Mar  4 05:06:07 2026| 4-MAR-2026|Wed Mar  4 05:06:07 UTC 2026")]
    [InlineData("%s", "1772600767")]
    [InlineData("100%% %n%t %Q %", "100% \n\t %Q %")]
    [InlineData("%10Y|%010d|%5b", "0000002026|0000000004|  Mar")]
    [InlineData("plain", "plain")]
    public void Dates_are_formatted_as_by_strftime(string format, string expected)
    {
        var date = new DateTimeOffset(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);

        Assert.Equal(expected, Templates.Compiler().Compile("{{ d | date: f }}").Render(Templates.Scope(("d", date), ("f", format)), Templates.Token));
    }

    [Theory]
    [InlineData("'2026-03-04'", "2026-03-04 00:00:00 +0100")]
    [InlineData("'2026-07-04 10:30'", "2026-07-04 10:30:00 +0200")]
    [InlineData("'2026-03-04T10:30:00Z'", "2026-03-04 10:30:00 +0000")]
    [InlineData("'2026-03-04T10:30:00.5+05:30'", "2026-03-04 10:30:00 +0530")]
    [InlineData("'March 4, 2026 3:04 PM'", "2026-03-04 15:04:00 +0100")]
    [InlineData("'4 Mar 2026'", "2026-03-04 00:00:00 +0100")]
    [InlineData("'Wed, 04 Mar 2026 10:30:00 GMT'", "2026-03-04 10:30:00 +0000")]
    [InlineData("'08:15'", "2026-03-14 08:15:00 +0100")]
    [InlineData("'now'", "2026-03-14 16:09:26 +0100")]
    [InlineData("'today'", "2026-03-14 16:09:26 +0100")]
    [InlineData("1772600767", "2026-03-04 06:06:07 +0100")]
    [InlineData("'1772600767'", "2026-03-04 06:06:07 +0100")]
    [InlineData("1772600767.9", "2026-03-04 06:06:07 +0100")]
    public void Dates_are_read_in_the_zone_unless_they_name_one(string value, string expected) =>
        Assert.Equal(expected, InOslo($"{{{{ {value} | date: '%Y-%m-%d %H:%M:%S %z' }}}}"));

    [Theory]
    [InlineData("'March 14'", "2031-03-14 00:00")]
    [InlineData("'14 Mar'", "2031-03-14 00:00")]
    [InlineData("'10:30'", "2031-06-01 10:30")]
    [InlineData("'3/14/26'", "2026-03-14 00:00")]
    [InlineData("'March 14, 1999'", "1999-03-14 00:00")]
    public void What_a_date_leaves_out_comes_from_the_clock(string value, string expected)
    {
        var clock = new FixedClock(new DateTimeOffset(2031, 6, 1, 12, 0, 0, TimeSpan.Zero));

        Assert.Equal(expected, Templates.Compiler(clock: clock).Compile($"{{{{ {value} | date: '%F %R' }}}}").Render(LiquidScope.Empty, Templates.Token));
    }

    [Theory]
    [InlineData("'not a date'", "not a date")]
    [InlineData("''", "")]
    [InlineData("nil", "")]
    [InlineData("true", "true")]
    [InlineData("'1.5'", "1.5")]
    [InlineData("99999999999999999", "99999999999999999")]
    [InlineData("'99999999999999999999999999'", "99999999999999999999999999")]
    [InlineData("'2026-13-45'", "2026-13-45")]
    public void What_is_no_date_passes_through(string value, string expected) =>
        Assert.Equal(expected, InOslo($"{{{{ {value} | date: '%Y' }}}}"));

    [Theory]
    [InlineData("{{ 'now' | time_zone: 'America/New_York' | date: '%F %R %z' }}", "2026-03-14 11:09 -0400")]
    [InlineData("{{ '2026-01-01T00:00:00Z' | time_zone: 'local' | date: '%F %R' }}", "2026-01-01 01:00")]
    [InlineData("{{ 'x' | time_zone: 'UTC' }}", "x")]
    [InlineData("{{ '2026-03-04' | date: nil }}", "2026-03-04")]
    public void Zones_can_be_changed(string source, string expected) => Assert.Equal(expected, InOslo(source));

    [Theory]
    [InlineData("Moon/Base")]
    [InlineData("/etc/localtime")]
    [InlineData("../localtime")]
    [InlineData("Europe/../Europe/Oslo")]
    [InlineData("posix/")]
    public void An_unknown_zone_is_an_error(string zone)
    {
        var error = Templates.Fails($"{{{{ 'now' | time_zone: '{zone}' }}}}");

        Assert.StartsWith($"There is no time zone '{zone}'.", error.Message, StringComparison.Ordinal);
        Assert.Null(error.InnerException);
    }

    [Fact]
    public void Instants_are_written_so_that_they_can_be_read_again()
    {
        var scope = Templates.Scope(("utc", Templates.Moment), ("there", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(-3))));

        var text = Templates.Compiler().Compile("{{ utc }} {{ there }}").Render(scope, Templates.Token);

        Assert.Equal("2026-03-14T15:09:26.535Z 2026-01-02T03:04:05-03:00", text);
        Assert.Equal(Templates.Moment, DateTimeOffset.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Instants_are_compared() =>
        Assert.Equal("before", Templates.Compiler().Compile("{% if a < b %}before{% endif %}")
            .Render(Templates.Scope(("a", Templates.Moment), ("b", Templates.Moment.ToOffset(TimeSpan.FromHours(5)).AddTicks(1))), Templates.Token));

    private static string InOslo(string source)
    {
        var compiler = Templates.Compiler(zone: TimeZoneInfo.FindSystemTimeZoneById("Europe/Oslo"));
        return compiler.Compile(source).Render(LiquidScope.Empty, Templates.Token);
    }
}
