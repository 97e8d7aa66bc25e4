using System.Security.Claims;
using Automation.Dashboard.Jobs;
using Automation.Jobs;

namespace Automation.Dashboard.Tests.Jobs;

public sealed class JobTextTests
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(412, "412 ms")]
    [InlineData(3_240, "3.2 s")]
    [InlineData(245_000, "4 min 5 s")]
    [InlineData(7_260_000, "2 h 1 min")]
    [InlineData(183_600_000, "2 d 3 h")]
    [InlineData(-5, "0 ms")]
    public void A_duration_is_told_in_the_units_that_matter(long milliseconds, string expected) =>
        Assert.Equal(expected, JobText.Took(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("1795228794123", "2026-11-21T02:39:54.1230000+00:00")]
    [InlineData("1795228794", "2026-11-21T02:39:54.0000000+00:00")]
    [InlineData("2026-11-21T02:39:54.5Z", "2026-11-21T02:39:54.5000000+00:00")]
    [InlineData("soon", null)]
    [InlineData("", null)]
    public void A_time_is_read_in_every_form_that_is_stored(string stored, string? expected) =>
        Assert.Equal(expected, JobText.Time(new Dictionary<string, string?>(StringComparer.Ordinal) { ["At"] = stored }, "At")?.ToString("O"));

    [Fact]
    public void A_count_that_was_cut_says_so()
    {
        Assert.Equal("9,999", JobText.Count(JobCounts.Most - 1));
        Assert.Equal("10,000+", JobText.Count(JobCounts.Most));
        Assert.Equal("1,600,000", JobText.Count(1_600_000));
    }

    [Theory]
    [InlineData(null, 20)]
    [InlineData("9", 20)]
    [InlineData("10", 10)]
    [InlineData("500", 500)]
    [InlineData("501", 20)]
    [InlineData("many", 20)]
    public void A_page_has_ten_to_five_hundred_jobs(string? asked, int expected) => Assert.Equal(expected, JobText.PageSize(asked));

    [Theory]
    [InlineData("administrator", true)]
    [InlineData("designer", true)]
    [InlineData("operator", true)]
    [InlineData("viewer", false)]
    public void Jobs_are_changed_by_operators_and_above(string role, bool may) =>
        Assert.Equal(may, JobText.MayChange(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], "test"))));

    [Fact]
    public void The_exception_of_a_deleted_job_is_told_in_a_line()
    {
        Assert.Equal("TimeoutException: too slow", JobStateCard.ExceptionText("""{"e":"System.TimeoutException","m":"too slow"}"""));
        Assert.Equal("not JSON", JobStateCard.ExceptionText("not JSON"));
        Assert.Null(JobStateCard.ExceptionText(null));
    }
}
