using System.ComponentModel.DataAnnotations;
using Automation.Host.Configuration;
using Automation.Host.Start;
using Microsoft.Extensions.Configuration;

namespace Automation.Host.Tests.Configuration;

public sealed class ConfigurationCheckTests
{
    private sealed class Root
    {
        public string DataDirectory { get; set; } = "data";

        [MinLength(16)]
        public string? AdminKey { get; set; }
    }

    private sealed class Part
    {
        [Range(1, 256)]
        public int Concurrency { get; set; } = 8;

        [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
        public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(5);

        public bool Verbose { get; set; }

        public DayOfWeek Day { get; set; }

        public List<string> Names { get; set; } = [];

        public Dictionary<string, Item> Items { get; set; } = [];
    }

    private sealed class Item
    {
        [Required]
        public string Preset { get; set; } = "";

        public int? Limit { get; set; }
    }

    [Theory]
    [InlineData("Automation:DataDirectory", "somewhere")]
    [InlineData("Automation:part:CONCURRENCY", "256")]
    [InlineData("Automation:Part:Pause", "00:00:30")]
    [InlineData("Automation:Part:Verbose", "True")]
    [InlineData("Automation:Group:Inner:Verbose", "true")]
    [InlineData("Automation:Part:Day", "Monday")]
    [InlineData("Automation:Part:Names:0", "a")]
    [InlineData("Automation:Part:Items:flyflow:Preset", "flyflow")]
    [InlineData("Logging:LogLevel:Anything", "Information")]
    public void A_known_key_with_a_good_value_is_no_problem(string key, string value) => Assert.Empty(Check(key, value));

    [Theory]
    [InlineData("Automation:Part:Concurency", "8", "Automation:Part:Concurency is not a setting. Did you mean Concurrency?")]
    [InlineData("Automation:Unheard", "8", "Automation:Unheard is not a setting. Known here: AdminKey, DataDirectory, Group, Part.")]
    [InlineData("Automation:Group:Iner:Verbose", "true", "Automation:Group:Iner is not a setting. Did you mean Inner?")]
    [InlineData("Automation:Part:Concurrency", "0", "Automation:Part:Concurrency is \"0\"; allowed is 1 to 256.")]
    [InlineData("Automation:Part:Concurrency", "many", "Automation:Part:Concurrency is \"many\"; allowed is 1 to 256.")]
    [InlineData("Automation:Part:Concurrency", "99999999999", "Automation:Part:Concurrency is \"99999999999\"; allowed is 1 to 256.")]
    [InlineData("Automation:Part:Pause", "02:00:00", "Automation:Part:Pause is \"02:00:00\"; allowed is 00:00:01 to 01:00:00.")]
    [InlineData("Automation:Part:Verbose", "yes", "Automation:Part:Verbose is \"yes\"; allowed is true or false.")]
    [InlineData("Automation:Part:Day", "Caturday", "Automation:Part:Day is \"Caturday\"; allowed is one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday.")]
    [InlineData("Automation:Part:Items:flyflow:Limit", "x", "Automation:Part:Items:flyflow:Limit is \"x\"; allowed is a whole number.")]
    [InlineData("Automation:Part:Items:flyflow:Prest", "x", "Automation:Part:Items:flyflow:Prest is not a setting. Did you mean Preset?")]
    [InlineData("Automation:Part:Concurrency:Deep", "1", "Automation:Part:Concurrency takes one value, not a group of keys.")]
    public void A_problem_names_key_value_and_what_is_allowed(string key, string value, string expected) =>
        Assert.Equal(expected, Assert.Single(Check(key, value)));

    [Fact]
    public void A_key_that_is_too_short_is_told_without_showing_it()
    {
        var problem = Assert.Single(Check("Automation:AdminKey", "hunter2"));

        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
        Assert.Contains("at least 16 characters", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_appsettings_has_no_problem()
    {
        var file = Path.Combine(ContentRoot.Find("/", AppContext.BaseDirectory), "appsettings.json");

        var configuration = new ConfigurationBuilder().AddJsonFile(file).Build();

        Assert.Empty(ConfigurationCheck.Check(configuration, Parts.Sections));
    }

    private static IReadOnlyList<string> Check(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { [key] = value }).Build();
        return ConfigurationCheck.Check(configuration, new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
        {
            ["Automation"] = typeof(Root),
            ["Automation:Part"] = typeof(Part),
            ["Automation:Group:Inner"] = typeof(Part),
        });
    }
}
