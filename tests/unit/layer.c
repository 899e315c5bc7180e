/* A program of nothing but a layer: that it can be linked is the test. */
int main(void)
{
    return 0;
}
